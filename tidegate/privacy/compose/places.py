"""Names of states, provinces and countries, and their abbreviations, as addresses end with them. Values only; a helper, no composer."""

from __future__ import annotations

from tidegate.privacy.patterns.postal import STATES

# Two letters that addresses end with: the United States with territories, Canada, Australia.
ABBREVIATIONS = STATES | frozenset(
    "AS FM MH MP PW VI AB BC MB NB NL NS NT NU ON PE QC SK YT ACT NSW QLD TAS VIC".split()
)
STATE_NAMES = tuple(
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine"
    "|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina"
    "|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia"
    "|Wisconsin|Wyoming|District of Columbia|Puerto Rico|Guam|Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland and Labrador|Nova Scotia|Ontario"
    "|Prince Edward Island|Quebec|Québec|Saskatchewan|Yukon|Nunavut|Northwest Territories|New South Wales|Queensland|South Australia|Tasmania|Victoria"
    "|Western Australia|Northern Territory|Australian Capital Territory|Bavaria|Bayern|Hessen|Sachsen|Saxony|Tirol|Tyrol|Andalucía|Cataluña|Catalonia|Lombardia|Lombardy"
    "|Kent|Essex|Surrey|Sussex|Norfolk|Suffolk|Devon|Dorset|Cornwall|Somerset|Lancashire|Yorkshire|Cheshire|Hampshire|Berkshire|Oxfordshire|Cambridgeshire".split("|")
)  # fmt: skip
COUNTRIES = tuple(
    "USA|U.S.A.|US|U.S.|United States|United States of America|UK|U.K.|United Kingdom|Great Britain|England|Scotland|Wales|Northern Ireland|Ireland|Canada|Australia"
    "|New Zealand|Germany|Deutschland|Allemagne|Austria|Österreich|Switzerland|Schweiz|Suisse|Svizzera|France|Frankreich|Belgium|België|Belgique|Belgien|Netherlands"
    "|The Netherlands|Nederland|Niederlande|Luxembourg|Luxemburg|Spain|España|Spanien|Portugal|Italy|Italia|Italien|Poland|Polska|Polen|Czech Republic|Czechia|Česko"
    "|Slovakia|Hungary|Romania|Bulgaria|Greece|Turkey|Türkiye|Ukraine|Russia|Sweden|Sverige|Schweden|Norway|Norge|Denmark|Danmark|Dänemark|Finland|Suomi|Iceland"
    "|Estonia|Latvia|Lithuania|Croatia|Hrvatska|Slovenia|Serbia|India|Pakistan|Bangladesh|Sri Lanka|Nepal|China|Japan|South Korea|Korea|Taiwan|Hong Kong|Singapore"
    "|Malaysia|Indonesia|Philippines|Thailand|Vietnam|Israel|Egypt|Morocco|Algeria|Tunisia|Nigeria|Ghana|Kenya|Ethiopia|Tanzania|Uganda|South Africa|Brazil|Brasil"
    "|Argentina|Chile|Peru|Perú|Colombia|Mexico|México|Cuba|Ecuador|Venezuela|Uruguay|Paraguay|Bolivia|United Arab Emirates|UAE|Saudi Arabia|Qatar|Kuwait|Lebanon"
    "|Jordan|Iran|Iraq".split("|")
)  # fmt: skip

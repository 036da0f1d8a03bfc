"""The table of national and tax numbers: shape, checksum (python-stdnum), and the words that name them. Values only.

`alone`: the printed shape with its checksum is telling enough to stand without a word beside it. Bare runs of digits never are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidegate.privacy.fold import fold
from tidegate.privacy.spans import Label

TOKEN_END = r"(?![A-Za-z0-9])"  # behind every shape


@dataclass(frozen=True, slots=True)
class IdKind:
    """`module` is the python-stdnum module whose `is_valid` is the checksum. `shape` is matched at the start of a token."""

    name: str
    module: str
    shape: re.Pattern[str]
    words: tuple[str, ...] = ()
    alone: re.Pattern[str] | None = None
    label: Label = Label.NATIONAL_ID


def _kind(
    name: str, shape: str, *words: str, alone: str | None = None, label: Label = Label.NATIONAL_ID
) -> IdKind:
    printed = re.compile(alone + TOKEN_END) if alone is not None else None
    named = tuple(
        dict.fromkeys((*words, *(fold(word)[0] for word in words)))
    )  # `унп` alone reads as Latin letters
    return IdKind(name, f"stdnum.{name}", re.compile(f"(?:{shape}){TOKEN_END}"), named, printed, label)


ID_KINDS: tuple[IdKind, ...] = (
    _kind("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "steuer", "idnr", "tax id", "tin", alone=r"\d{2} \d{3} \d{3} \d{3}"),
    _kind("de.stnr", r"\d{2,3}/\d{3,4}/\d{4,5}", "steuernummer", "st.-nr", "stnr"),
    _kind("gb.nino", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", "nino", "national insurance", "ni number",
          alone=r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", label=Label.UK_NINO),
    _kind("gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", "nhs", "health service", label=Label.UK_NHS),
    _kind("gb.utr", r"\d{10}K?", "utr", "unique taxpayer"),
    _kind("fr.nir", r"\d ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", "sécurité sociale", "nir", "insee", "securite sociale",
          alone=r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}"),
    _kind("fr.nif", r"[0-3]\d ?\d{2} ?\d{3} ?\d{3} ?\d{3}", "numéro fiscal", "spi", "fiscal", "nif"),
    _kind("nl.bsn", r"\d{4}[ .]?\d{2}[ .]?\d{3}|\d{3}[ .]\d{3}[ .]\d{3}|\d{8,9}", "bsn", "burgerservice", "sofi"),
    _kind("be.nn", r"\d{2}[. ]?\d{2}[. ]?\d{2}[- ]?\d{3}[. ]?\d{2}", "rijksregister", "registre national", "nationaal nummer", "niss", "insz",
          alone=r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"),
    _kind("es.dni", r"\d{8}[ -]?[A-Z]", "dni", "nif", alone=r"\d{8}-?[A-HJ-NP-TV-Z]", label=Label.ES_NIF),
    _kind("es.nie", r"[XYZ][ -]?\d{7}[ -]?[A-Z]", "nie", alone=r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]", label=Label.ES_NIE),
    _kind("it.codicefiscale", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", "codice fiscale",
          alone=r"[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]", label=Label.IT_FISCAL_CODE),
    _kind("pt.nif", r"\d{3} ?\d{3} ?\d{3}", "nif", "contribuinte", "nipc"),
    _kind("pl.pesel", r"\d{11}", "pesel", label=Label.PL_PESEL),
    _kind("pl.nip", r"\d{3}-?\d{3}-?\d{2}-?\d{2}", "nip", alone=r"\d{3}-\d{3}-\d{2}-\d{2}"),
    _kind("ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", "ahv", "avs", alone=r"756\.?\d{4}\.?\d{4}\.?\d{2}"),
    _kind("at.vnr", r"\d{4} ?\d{6}", "svnr", "sozialversicherung", "versicherungsnummer"),
    _kind("se.personnummer", r"(?:\d{2})?\d{6}[-+]?\d{4}", "personnummer", "personal number", "samordningsnummer",
          alone=r"(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[-+]\d{4}"),
    _kind("dk.cpr", r"\d{6}-?\d{4}", "cpr", alone=r"(?:[0-2]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-\d{4}"),
    _kind("no.fodselsnummer", r"\d{6} ?\d{5}", "fødselsnummer", "personnummer", "fodselsnummer"),
    _kind("fi.hetu", r"\d{6}[-+A]\d{3}[0-9A-Y]", "hetu", "henkilötunnus", alone=r"\d{6}[-+A]\d{3}[0-9A-Y]", label=Label.FI_PERSONAL_IDENTITY_CODE),
    _kind("is_.kennitala", r"\d{6}-?\d{4}", "kennitala"),
    _kind("ee.ik", r"[1-6]\d{10}", "isikukood"),
    _kind("lt.asmens", r"[1-6]\d{10}", "asmens kodas"),
    _kind("lv.pvn", r"\d{6}-?\d{5}", "personas kods"),
    _kind("cz.rc", r"\d{6}/?\d{3,4}", "rodné číslo", "rodne cislo", alone=r"\d{2}[0-35-8]\d[0-3]\d/\d{4}"),
    _kind("ro.cnp", r"[1-9]\d{12}", "cnp"),
    _kind("bg.egn", r"\d{10}", "egn", "егн"),
    _kind("hr.oib", r"\d{11}", "oib"),
    _kind("si.emso", r"\d{13}", "emšo", "emso", "jmbg", "matični broj"),
    _kind("gr.amka", r"\d{11}", "amka", "αμκα"),
    _kind("ie.pps", r"\d{7}[A-W][AHWTX]?", "pps", alone=r"\d{7}[A-W][AHWTX]?"),
    _kind("lu.tva", r"LU\d{8}", "tva"),
    _kind("tr.tckimlik", r"[1-9]\d{10}", "kimlik", "tckn"),
    _kind("ua.rntrc", r"\d{10}", "рнокпп", "іпн"),
    _kind("il.idnr", r"\d{9}", "teudat", "mispar zehut", "israeli id"),
    _kind("za.idnr", r"\d{6} ?\d{4} ?\d{3}", "south african id", "rsa id"),
    _kind("in_.aadhaar", r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", "aadhaar", "aadhar", "uidai", alone=r"[2-9]\d{3} \d{4} \d{4}", label=Label.IN_AADHAAR),
    _kind("in_.pan", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", "pan", alone=r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", label=Label.IN_PAN),
    _kind("cn.ric", r"\d{17}[\dXx]", "身份证", "身份证号码", "身份证号", "居民身份证", "resident identity", alone=r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d\d{3}[\dXx]"),
    _kind("kr.rrn", r"\d{6}-?[1-8]\d{6}", "rrn", "주민등록", "주민등록번호", alone=r"\d{2}(?:0[1-9]|1[0-2])[0-3]\d-[1-8]\d{6}", label=Label.KR_RRN),
    _kind("jp.in_", r"\d{4}[ -]?\d{4}[ -]?\d{4}", "my number", "マイナンバー", "個人番号", "個人番号は"),
    _kind("th.pin", r"\d[ -]?\d{4}[ -]?\d{5}[ -]?\d{2}[ -]?\d", "thai id", alone=r"\d-\d{4}-\d{5}-\d{2}-\d", label=Label.TH_TNIN),
    _kind("my.nric", r"\d{6}-?\d{2}-?\d{4}", "nric", "mykad", "kad pengenalan", alone=r"\d{2}(?:0[1-9]|1[0-2])[0-3]\d-\d{2}-\d{4}"),
    _kind("au.tfn", r"\d{3} ?\d{3} ?\d{2,3}", "tfn", "tax file", label=Label.AU_TFN),
    _kind("au.abn", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "abn", label=Label.AU_ABN),
    _kind("nz.ird", r"\d{2,3}-?\d{3}-?\d{3}", "ird"),
    _kind("ca.sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", "sin number", "sin no", "my sin", "sin is", "sin:", "canadian sin", "social insurance", alone=r"\d{3}-\d{3}-\d{3}"),
    _kind("us.ein", r"\d{2}-?\d{7}", "ein", "employer identification"),
    _kind("us.itin", r"9\d{2}[- ]?\d{2}[- ]?\d{4}", "itin", label=Label.US_ITIN),
    _kind("br.cpf", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", "cpf", alone=r"\d{3}\.\d{3}\.\d{3}-\d{2}"),
    _kind("br.cnpj", r"\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}", "cnpj", alone=r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}"),
    _kind("ar.cuit", r"\d{2}-?\d{8}-?\d", "cuit", "cuil", alone=r"\d{2}-\d{8}-\d"),
    _kind("cl.rut", r"\d{1,2}\.?\d{3}\.?\d{3}-?[\dkK]", "rut", alone=r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]"),
    _kind("mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", "curp", alone=r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d"),
    _kind("mx.rfc", r"[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3}", "rfc"),
    _kind("sg.nric", r"[STFGM]\d{7}[A-Z]", "nric", "fin", "singapore id", alone=r"[STFGM]\d{7}[A-Z]", label=Label.SG_NRIC_FIN),
    _kind("de.kvnr", r"[A-Z]\d{9}", "kvnr", "krankenversichertennummer", "versichertennummer", "egk"),
    _kind("de.idcard", r"[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d?D?", "ausweis", "personalausweis", "perso"),
    _kind("de.rvnr", r"\d{2} ?\d{6} ?[A-Z] ?\d{3}", "rentenversicherung", "sozialversicherungsnummer", "rvnr",
          alone=r"\d{2} [0-3]\d[01]\d{3} [A-Z] \d{3}"),
    _kind("sk.rc", r"\d{6}/?\d{3,4}", "rodné číslo", "rodne cislo"),
    _kind("hu.anum", r"\d{8}-?\d-?\d{2}", "adószám", "adoszam"),
    _kind("ec.ci", r"\d{10}", "cédula", "cedula"),
    _kind("pe.ruc", r"\d{11}", "ruc"),
    _kind("uy.rut", r"\d{12}", "rut"),
    _kind("ve.rif", r"[VEJPG]-?\d{8}-?\d", "rif"),
    _kind("do.cedula", r"\d{3}-?\d{7}-?\d", "cédula", "cedula"),
    _kind("ru.inn", r"\d{12}|\d{10}", "инн"),
    _kind("by.unp", r"\d{9}", "унп", "упн"),
    _kind("cu.ni", r"\d{11}", "carné de identidad", "carne de identidad"),
    _kind("rs.pib", r"\d{9}", "pib"),
    _kind("cy.vat", r"\d{8}[A-Z]", "cyprus vat", "φπα"),
    _kind("sv.nit", r"\d{4}-?\d{6}-?\d{3}-?\d", "nit"),
    _kind("id.nik", r"\d{16}", "nik", "ktp"),
    _kind("id.npwp", r"\d{2}\.?\d{3}\.?\d{3}\.?\d-?\d{3}\.?\d{3}", "npwp", alone=r"\d{2}\.\d{3}\.\d{3}\.\d-\d{3}\.\d{3}"),
    _kind("pk.cnic", r"\d{5}-?\d{7}-?\d", "cnic", "nadra"),
    _kind("vn.mst", r"\d{10}", "mã số thuế", "mst"),
    _kind("ke.pin", r"[AP]\d{9}[A-Z]", "kra pin", "kra"),
    _kind("tw.ubn", r"\d{8}", "統一編號"),
    _kind("co.nit", r"\d{3}\.?\d{3}\.?\d{3}-?\d", "nit"),
    _kind("eu.vat", r"[A-Z]{2} ?[A-Z0-9]{8,12}", "vat", "ust", "tva", "btw", "iva", "mwst", "moms"),
)  # fmt: skip

# Words that announce a personal number of any country.
GENERIC = (
    "national id", "identity number", "identification number", "id number", "personal id", "tax number", "tax id", "taxpayer",
    "ausweisnummer", "personalausweis", "carte d'identité", "carta d'identità", "national_id", "tax_id", "identity card", "citizen id",
)  # fmt: skip

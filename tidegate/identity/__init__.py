"""Who is speaking: a private CA, enrolment by one-time token, TLS 1.3 only, and names read from certificates."""

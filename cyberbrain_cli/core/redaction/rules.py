"""Secrets that give themselves away by their form. A table: kind, pattern, hints.

Every pattern is linear on any input: bounded or possessive repeats, and nothing that can be
divided in two ways. A rule is tried only when one of its hints, in lower case, is in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cyberbrain_cli.core.redaction.placeholders import placeholder

# A token starts where no word goes on; but the last letter of an escape such as \n, %3D or
# \u0022 is no word.
START = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of secret. When the pattern has a group `keep`, that part is left standing."""

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...]

    def apply(self, text: str) -> str:
        """The text with every match replaced."""
        return self.pattern.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        kept = match.group("keep") if "keep" in self.pattern.groupindex else ""
        return f"{kept}{placeholder(self.kind)}"


def rule(kind: str, pattern: str, *hints: str) -> Rule:
    """A rule whose pattern minds case."""
    return Rule(kind, re.compile(pattern), hints)


TOKENS: tuple[Rule, ...] = (
    rule("aws-key", r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16,20}", "akia", "asia", "abia",
         "acca", "a3t"),
    rule("aws-key", r"(?i)(?P<keep>aws.{0,20}?(?:key|secret).{0,20}?['\" =:])[0-9A-Za-z/+]{40}"
         r"(?![0-9A-Za-z/+])", "aws"),
    rule("google-key", r"AIza[0-9A-Za-z_-]{35,40}", "aiza"),
    rule("google-token", r"ya29\.[0-9A-Za-z_-]{20,2048}|GOCSPX-[0-9A-Za-z_-]{20,64}"
         r"|1//0[0-9A-Za-z_-]{40,120}", "ya29.", "gocspx-", "1//0"),
    rule("azure-key", r"(?i)(?P<keep>(?:AccountKey|SharedAccessKey|SharedSecretValue)=)"
         r"[0-9A-Za-z+/%=]{20,128}", "accountkey=", "sharedaccesskey=", "sharedsecretvalue="),
    rule("azure-key", START + r"[0-9A-Za-z_~.-]{3}[78]Q~[0-9A-Za-z_~.-]{31,40}", "q~"),
    rule("azure-key", r"(?P<keep>[?&;]sig=)[0-9A-Za-z%+/=_-]{20,200}", "sig="),
    rule("github-token", r"gh[pousr]_[0-9A-Za-z]{30,255}|github_pat_[0-9A-Za-z_]{22,255}", "ghp_",
         "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    rule("gitlab-token", r"gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas|ffct)-"
         r"[0-9A-Za-z_.-]{16,300}|GR1348941[0-9A-Za-z_-]{20,50}",
         "glpat-", "gldt-", "glft-", "glsoat-", "glrt-",
         "glcbt-", "glimt-", "glptt-", "glagent-", "gloas-", "glffct-", "gr1348941"),
    rule("slack-token", r"xox[a-z](?:\.xox[a-z])?-[0-9A-Za-z-]{10,250}|xapp-[0-9A-Za-z-]{10,250}",
         "xox", "xapp-"),
    rule("webhook", r"(?i)(?P<keep>https://(?:hooks\.slack\.com/(?:services|workflows)|"
         r"(?:\w{1,20}\.)?discord(?:app)?\.com/api/webhooks|[\w-]{1,63}\.webhook\.office\.com)/)"
         r"[^\s\"'<>\\]{8,400}", "hooks.slack.com", "/api/webhooks", "webhook.office"),
    rule("stripe-key", r"[srp]k_(?:live|test)_[0-9A-Za-z]{10,200}|whsec_[0-9A-Za-z+/=]{20,100}",
         "k_live_", "k_test_", "whsec_"),
    rule("anthropic-key", START + r"sk-ant-[0-9A-Za-z_-]{16,250}", "sk-ant-"),
    rule("openai-key", START + r"sk-(?=[A-Za-z_-]{0,249}[0-9])[0-9A-Za-z_-]{20,250}", "sk-"),
    rule("huggingface-token", START + r"(?:hf_|api_org_)[A-Za-z0-9]{30,64}", "hf_", "api_org_"),
    rule("npm-token", START + r"npm_[0-9A-Za-z]{30,64}|(?P<keep>:_(?:authToken|auth|password)=)"
         r"[^\s\"']{4,400}", "npm_", ":_auth", ":_password"),
    rule("pypi-token", r"pypi-[0-9A-Za-z_-]{40,500}", "pypi-"),
    rule("jwt", START + r"eyJ[0-9A-Za-z_-]{5,}+={0,2}\.[0-9A-Za-z_-]{4,}+={0,2}"
         r"(?:\.[0-9A-Za-z_-]*+={0,2}){0,3}", "eyj"),
    rule("sendgrid-key", r"SG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{16,64}", "sg."),
    rule("api-token", START + r"(?:dop|doo|dor)_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
         r"|hv[sbr]\.[0-9A-Za-z_-]{20,300}|dp\.(?:pt|st|ct|sa|scim|audit)\.[0-9A-Za-z_.-]{40,100}"
         r"|dapi[a-f0-9]{32}|gl(?:sa|c)_[0-9A-Za-z_=+/-]{30,250}|lin_api_[0-9A-Za-z]{32,64}"
         r"|ATATT3[0-9A-Za-z_=.-]{50,300}|NRAK-[A-Z0-9]{27}|dckr_pat_[0-9A-Za-z_-]{20,64}"
         r"|gsk_[0-9A-Za-z]{40,64}|xai-[0-9A-Za-z]{40,100}|r8_[0-9A-Za-z]{37,40}"
         r"|pplx-[0-9A-Za-z]{40,64}|ntn_[0-9A-Za-z]{40,64}|rubygems_[a-f0-9]{48}"
         r"|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|AGE-SECRET-KEY-1[0-9A-Z]{58}|figd_[0-9A-Za-z_-]{30,60}"
         r"|sntry[su]_[0-9A-Za-z_=+/-]{30,300}|tskey-[0-9A-Za-z-]{16,100}|key-[0-9a-f]{32}",
         "_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "hvs.", "hvb.", "hvr.", "dp.", "dapi",
         "glsa_", "glc_", "lin_api_", "atatt3", "nrak-", "dckr_pat_", "gsk_", "xai-", "r8_",
         "pplx-", "ntn_", "rubygems_", "pmak-", "age-secret-key-", "figd_", "sntry", "tskey-",
         "key-"),
)  # fmt: skip

_SCHEMES = "Bearer|Token|ApiKey|Negotiate|NTLM|SharedKey|SharedAccessSignature|SSWS|GenieKey"

_DONE = r"\[redacted:[a-z-]{1,40}\]"
_SQL = r"(?:password|identified\s{1,4}by|requirepass|masterauth)\s{1,4}(?:by\s{1,4})?(?:as\s{1,4})?"
_SQL_HINTS = ("password", "identified", "requirepass", "masterauth")

CONTEXT: tuple[Rule, ...] = (
    rule("password", r"(?P<keep>:(?:\\?/){2}[^\s:/?#@\"'<>\[\]]{0,200}:)"
         r"(?!\d{1,5}(?:[/?#\s\"',;)\]\\]|$))(?!\[redacted:[a-z-]{1,40}\]@)"
         r"[^\s\"<>`]{1,256}(?=@[\w\[%{$.-])", "@"),
    rule("url-credentials", r"(?P<keep>:(?:\\?/){2})[0-9A-Za-z_=.~%-]{16,256}(?=@[\w\[])", "@"),
    rule("password", r"(?i)(?P<keep>%3A(?:%2F){2}[^\s&\"':%]{0,200}%3A)"
         r"(?!\d{1,5}(?:%2F|[\s&\"']|$))[^\s&\"'\[]{1,256}(?=%40[\w%])", "%40"),
    rule("authorization", rf"(?i)(?P<keep>(?<![a-z0-9])(?:{_SCHEMES})(?:\s|%20|\+){{1,4}})"
         r"(?=[^\s\"'\\]{0,64}[0-9])(?=[0-9A-Za-z])[0-9A-Za-z._~+/=%:-]{6,}+",
         "bearer", "token", "apikey", "negotiate", "ntlm", "sharedkey", "sharedaccesssignature",
         "ssws", "geniekey"),
    rule("authorization", r"(?i)(?P<keep>(?<![a-z0-9])Bearer\s{1,4})[0-9A-Za-z._~+/=-]{20,}+",
         "bearer"),
    rule("authorization", r"(?P<keep>(?<![A-Za-z0-9])[Bb](?i:asic)(?:\s|%20|\+){1,4})"
         r"(?=[0-9A-Za-z+/=]{1,200}[A-Z0-9=])[0-9A-Za-z+/]{5,}+=*+", "basic"),
    rule("authorization", r"(?i)(?P<keep>(?<![a-z0-9])Digest\s{1,4})username=[^\n\\]{1,2000}",
         "digest"),
    rule("password", rf"(?i)(?P<keep>{_SQL})'(?!{_DONE}')(?:''|\\.|[^'\n\\]){{1,500}}'?",
         *_SQL_HINTS),
    rule("password", rf'(?i)(?P<keep>{_SQL})"(?!{_DONE}")(?:\\.|[^"\n\\]){{1,500}}"?',
         *_SQL_HINTS),
    rule("password", r"(?i)(?P<keep>(?:requirepass|masterauth|sshpass\s{1,4}-p)\s{1,4})"
         r"(?![\[\"'])\S{1,500}", "requirepass", "masterauth", "sshpass"),
    rule("password", r"(?P<keep>(?<![\w-])(?:-u|--user|--proxy-user)[ =]{1,4}[\"']?"
         r"[^\s:\"'\[\]]{1,100}:)(?!\d{1,6}(?![^\s\"']))(?!\[redacted:)[^\s\"']{1,300}", "-u"),
    rule("password", r"(?P<keep>\bmysql\w{0,10}\b[^\n]{0,200}?\s-p)(?!\[redacted:)[^\s\"']{1,300}",
         "mysql"),
)  # fmt: skip

"""The detectors of detect-secrets, a second net below our own rules.

Only their patterns are used: their verification would ask the secret's issuer. Left out are the
detectors that mistake hashes or prose for secrets, and those whose patterns take quadratic time.
"""

from __future__ import annotations

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.softlayer import SoftlayerDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from cyberbrain_cli.core.redaction.rules import Rule

_DETECTORS = (
    ("artifactory-key", ArtifactoryDetector, ("akc",)),
    ("aws-key", AWSKeyDetector, ("akia", "asia", "abia", "acca", "a3t")),
    ("azure-key", AzureStorageKeyDetector, ("accountkey=",)),
    ("cloudant-key", CloudantDetector, ("cloudant",)),
    ("discord-token", DiscordBotTokenDetector, (".",)),
    ("github-token", GitHubTokenDetector, ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    ("gitlab-token", GitLabTokenDetector, ("gl", "gr1348941")),
    ("ibm-key", IbmCloudIamDetector, ("ibm", "iam")),
    ("mailchimp-key", MailchimpDetector, ("-us",)),
    ("pypi-token", PypiTokenDetector, ("pypi-",)),
    ("sendgrid-key", SendGridDetector, ("sg.",)),
    ("slack-token", SlackDetector, ("xox", "hooks.slack")),
    ("softlayer-key", SoftlayerDetector, ("softlayer",)),
    ("square-key", SquareOAuthDetector, ("sq0csp-",)),
    ("stripe-key", StripeDetector, ("k_live_",)),
    ("telegram-token", TelegramBotTokenDetector, (":",)),
    ("twilio-key", TwilioKeyDetector, ("ac", "sk")),
)

# Their second pattern takes any quoted 40 characters near "aws"; ours asks for a key's name.
_FIRST_ONLY = (AWSKeyDetector, ArtifactoryDetector)

LIBRARY: tuple[Rule, ...] = tuple(
    Rule(kind, pattern, hints)
    for kind, detector, hints in _DETECTORS
    for pattern in list(detector.denylist)[: 1 if detector in _FIRST_ONLY else None]
)

"""What Amazon finds fault with in a listing or in what is submitted for it, in the reader's language."""

from dataclasses import dataclass

ERROR, WARNING, INFO = "ERROR", "WARNING", "INFO"
SEVERITIES = (ERROR, WARNING, INFO)
OTHERWISE = "en_US"  # the locale of what is not said in the wanted one

# Code -> English and Japanese. The codes are Amazon's; of its words only few are known (README.md).
TEXTS = {
    "BAD_REQUEST": ("Invalid parameters provided.", "無効なパラメータが指定されました。"),
    "90000900": ("The attributes are invalid.", "属性が無効です。"),
    "90220": (
        "'{name}' is required but not supplied.",
        "「{name}」は必須項目ですが、入力されていません。",
    ),
    "90244": (
        "The value '{value}' is invalid for the field '{name}' of the attribute 'fulfillment_availability'.",
        "属性「fulfillment_availability」のフィールド「{name}」の値「{value}」が無効です。",
    ),
    "99022": (
        "The field '{name}' of the attribute 'fulfillment_availability' does not have enough values.",
        "属性「fulfillment_availability」のフィールド「{name}」の値が不足しています。",
    ),
    # Of feeds
    "4002001": ("Item 'Feed' cannot be parsed. {error}", "「Feed」を解析できません。{error}"),
    "4002005": ("Attribute 'Merchant' is required.", "属性「Merchant」は必須です。"),
    "4002006": ("The version '{version}' does not match '2.0'.", "バージョン「{version}」が「2.0」と一致しません。"),
    "4002008": (
        "The message does not meet the schema: {error}",
        "メッセージがスキーマに準拠していません: {error}",
    ),
    "5002": (
        "An internal error occurred. Resubmit the feed.",
        "内部エラーが発生しました。フィードを再送信してください。",
    ),
    "5003": (
        "The feed is larger than the {most} bytes that are allowed.",
        "ファイルのサイズが上限({most}バイト)を超えています。",
    ),
    "NOT_SIMULATED": (
        "The simulator does not know this operation: {name}",
        "シミュレーターはこの操作に対応していません: {name}",
    ),
}
CATEGORIES = {"90220": ["MISSING_ATTRIBUTE"], "99022": ["MISSING_ATTRIBUTE"]}


@dataclass(frozen=True)
class Issue:
    """Something that is wrong.

    :ivar code: Amazon's, str
    :ivar texts: locale (``ja_JP``) -> what it says
    :ivar attributes: names of the attributes it is about
    """

    code: str
    texts: dict
    severity: str = ERROR
    attributes: tuple = ()
    categories: tuple = ("INVALID_ATTRIBUTE",)
    enforcements: dict | None = None

    @classmethod
    def of(cls, code, attributes=("fulfillment_availability",), **facts):
        """One of the known ones; ``facts`` are put into its text."""
        english, japanese = (text.format(**facts).strip() for text in TEXTS[code])
        categories = tuple(CATEGORIES.get(code, ["INVALID_ATTRIBUTE"]))
        return cls(code, {"en_US": english, "ja_JP": japanese}, ERROR, attributes, categories)

    @classmethod
    def ordered(cls, values):
        """The issue that the control API put on a listing: its JSON, ``message`` a text or {locale: text}."""
        message = values.get("message", f"Issue {values['code']}")
        return cls(
            str(values["code"]),
            message if isinstance(message, dict) else {OTHERWISE: message},
            values.get("severity", ERROR),
            tuple(values.get("attributeNames", ())),
            tuple(values.get("categories", ("INVALID_ATTRIBUTE",))),
            values.get("enforcements"),
        )

    def text(self, locale):
        """What it says in ``ja_JP`` or another locale, else in English, else in whatever there is."""
        return self.texts.get(locale) or self.texts.get(OTHERWISE) or next(iter(self.texts.values()))

    def shown(self, locale, marketplace_ids):
        """Amazon's JSON of it."""
        result = {
            "code": self.code,
            "message": self.text(locale),
            "severity": self.severity,
            "attributeNames": list(self.attributes),
            "categories": list(self.categories),
            "enforcements": self.enforcements,
            "marketplaceIds": marketplace_ids,
        }
        return {key: value for key, value in result.items() if value not in (None, []) or key == "categories"}


def rejected(issues):
    """Whether a submission with these issues is not taken."""
    return any(issue.severity == ERROR for issue in issues)

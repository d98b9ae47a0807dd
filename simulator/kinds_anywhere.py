"""Orders of the seller's first marketplace, wherever that is."""

import itertools

from . import catalogue
from .build import merge
from .kinds import kind
from .times import shift

LONG = "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末"


@kind("配送日時指定", "Scheduled delivery with a window for every item", None)
def scheduled_delivery(draft):
    draft.service_level = "SCHEDULED"
    window = {"earliestDateTime": shift(draft.created, days=4), "latestDateTime": shift(draft.created, days=4, hours=2)}
    draft.merge_lines(
        {
            "fulfillment": {
                "shipping": {"scheduledDeliveryWindow": window, "shippingConstraints": {"palletDelivery": "MANDATORY"}}
            }
        }
    )


@kind("配達指示(置き配・営業時間)", "Delivery instructions, drop-off place, business hours", None)
def delivery_instructions(draft):
    morning = {"startTime": {"hour": 9, "minute": 0}, "endTime": {"hour": 12, "minute": 30}}
    draft.address["addressType"] = "COMMERCIAL"
    draft.extra = {
        "recipient": {
            "deliveryPreference": {
                "dropOffLocation": "FRONT_DOOR",
                "addressInstruction": "裏口のインターホンを押してください。駐車場の右手です。",
                "deliveryTime": {
                    "businessHours": [{"dayOfWeek": "MON", "timeWindows": [morning]}],
                    "exceptionDates": [
                        {"exceptionDate": draft.created[:10], "exceptionDateType": "CLOSED", "timeWindows": [morning]}
                    ],
                },
                "deliveryCapabilities": ["HAS_ACCESS_POINT", "PALLET_ENABLED"],
            }
        }
    }


@kind("長い名前・絵文字・半角カナ・全角数字", "Very long names, emoji, half-width kana, full-width digits", None)
def long_unicode(draft):
    draft.buyer["buyerName"] = f"{LONG * 3} 🍣🎌 ヤマダ タロウ"
    draft.address.update(
        name=f"{LONG * 4}様",
        addressLine1="1丁目2番地3-404号 ﾒｿﾞﾝ・ド・𠮷野家" + "東" * 80,
        addressLine2="👨‍👩‍👧‍👦マンション" + "あ" * 120,
        postalCode="150‐0001",
        phone="03(1234)5678",
    )
    draft.lines[0].title = "【送料無料】" + "とても長い商品名 ☕️ " * 20 + "<b>&amp;\"'</b>"
    merge(draft.lines[0].extra, {"fulfillment": {"packing": {"giftOption": {"giftMessage": "おめでとう🎉" * 20}}}})


@kind("60明細の注文", "Sixty lines", None)
def many_items(draft):
    if not draft.lines_given:
        draft.lines = [draft.line(product) for product in itertools.islice(itertools.cycle(catalogue.CATALOGUE), 60)]

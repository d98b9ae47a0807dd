"""Times: Amazon's have a zone; Odoo stores UTC without one."""

from datetime import datetime, time, timezone


def aware(moment):
    """Return a time of Odoo's as Amazon takes it.

    :param datetime moment: UTC, naive; or None.
    :return: UTC, aware.
    """
    return moment and moment.replace(tzinfo=timezone.utc)


def naive(moment):
    """Return a time of Amazon's as Odoo stores it.

    :param datetime moment: aware; or None.
    :return: UTC, naive, to the second; False if there is none.
    """
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0) if moment else False


def local_date(moment, zone):
    """Return the date of a time of Odoo's in a time zone.

    :param datetime moment: UTC, naive.
    :param zone: a ``ZoneInfo``.
    :rtype: date
    """
    return aware(moment).astimezone(zone).date()


def ship_moment(date, done, zone):
    """Return the time to tell Amazon for the day a person has entered.

    The same day gives the same time, whenever it is asked for: another time would be sent again.

    :param date date: in the marketplace's time zone; None: the time the delivery was done.
    :param datetime done: when the delivery was done (UTC, naive).
    :param zone: the marketplace's ``ZoneInfo``.
    :return: UTC, naive.
    """
    if not date or not done or local_date(done, zone) == date:
        return done
    return naive(datetime.combine(date, time.max if date < local_date(done, zone) else time.min, zone))

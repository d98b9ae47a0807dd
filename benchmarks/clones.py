"""Rows that are like another one, made by PostgreSQL."""


def clone(cr, table, record_id, count, changed):
    """Copy a row so many times.

    :param dict changed: of columns that differ, SQL with the row's number ``n``, from 1.
    :return: what their ids are counted from.
    """
    cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attname != 'id'",
        [table],
    )
    columns = [column for [column] in cr.fetchall()]
    cr.execute(f"SELECT max(id) FROM {table}")
    last = cr.fetchone()[0]
    values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    cr.execute(
        f"INSERT INTO {table} (id, {names}) SELECT {last} + n, {values}"
        f" FROM generate_series(1, %s) n, {table} t WHERE t.id = %s",
        [count, record_id],
    )
    cr.execute(f"SELECT setval(%s, (SELECT max(id) FROM {table}))", [f"{table}_id_seq"])
    return last


def clone_links(cr, table, bases, by, count):
    """Copy the rows that join clones as those do of which these are clones.

    :param dict bases: by column, what the clones' ids are counted from, by the id they are clones of.
    :param str by: the column by which rows are found.
    """
    cr.execute(f"SELECT * FROM {table} WHERE {by} = ANY(%s)", [list(bases[by])])
    names = [column.name for column in cr.description]
    for row in cr.fetchall():
        values = [
            f"{bases[name][value]} + n" if name in bases else str(value) for name, value in zip(names, row, strict=True)
        ]
        cr.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM generate_series(1, %s) n",
            [count],
        )

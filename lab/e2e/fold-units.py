"""Prints what Samba's directory makes of each UTF-16 unit when it compares names, as a JSON array of 65,536 numbers."""

import json

import ldb
import samba

FIRST_SURROGATE, LAST_SURROGATE = 0xD800, 0xDFFF
directory = samba.Ldb()  # without a database: its rules of comparison are Samba's


def fold(value):
    escaped = "".join("\\%02X" % byte for byte in value.encode())
    folded = ldb.Dn(directory, "CN=" + escaped).get_casefold()
    return ldb.Dn(directory, folded).get_rdn_value()


def fold_unit(unit):
    # A zero byte ends a string in Samba, and half a surrogate is not text.
    if unit == 0 or FIRST_SURROGATE <= unit <= LAST_SURROGATE:
        return unit
    between = fold("-" + chr(unit) + "-")
    assert between[0] == between[-1] == "-" and len(between) == 3, (unit, between)
    return ord(between[1])


print(json.dumps([fold_unit(unit) for unit in range(0x10000)]))

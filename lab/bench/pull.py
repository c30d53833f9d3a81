"""Pulls the accounts of a naming context by Samba's own DRSUAPI bindings, as Connect does, and decrypts nothing.

The yardstick of the benchmarks: Debian's python3-samba, which is the C client. Reads one JSON object from standard
input (host, domain, username, password, namingContext, flags, attributes, pageSize) and prints one.
"""

import json
import sys
import time

from samba import param
from samba.credentials import Credentials, DONT_USE_KERBEROS
from samba.dcerpc import drsuapi, misc
from samba.drs_utils import drs_DsBind


def request_for(order, mark):
    """The request for what comes after a high-water mark."""
    request = drsuapi.DsGetNCChangesRequest8()
    request.destination_dsa_guid = misc.GUID()
    request.source_dsa_invocation_id = mark["invocation_id"]
    request.naming_context = drsuapi.DsReplicaObjectIdentifier()
    request.naming_context.dn = order["namingContext"]
    request.highwatermark = mark["usns"]
    request.uptodateness_vector = None
    request.replica_flags = order["flags"]
    request.max_object_count = order["pageSize"]
    request.max_ndr_size = 10 * 1024 * 1024
    request.extended_op = drsuapi.DRSUAPI_EXOP_NONE
    request.fsmo_info = 0
    attributes = drsuapi.DsPartialAttributeSet()
    attributes.version = 1
    attributes.attids = order["attributes"]
    attributes.num_attids = len(order["attributes"])
    request.partial_attribute_set = attributes
    request.partial_attribute_set_ex = None
    request.mapping_ctr.num_mappings = 0
    request.mapping_ctr.mappings = None
    return request


def cycle(connection, handle, order, mark):
    """All calls of a cycle; moves the mark."""
    objects = calls = 0
    start = time.perf_counter()
    while True:
        level, reply = connection.DsGetNCChanges(handle, 8, request_for(order, mark))
        if level != 6 or reply.drs_error[0] != 0:
            raise RuntimeError("expected a reply of level 6, got %s with %s" % (level, reply.drs_error))
        calls += 1
        objects += reply.object_count
        mark["usns"] = reply.new_highwatermark
        mark["invocation_id"] = reply.source_dsa_invocation_id
        if not reply.more_data:
            return {"objects": objects, "calls": calls, "ms": (time.perf_counter() - start) * 1000}


def main():
    order = json.load(sys.stdin)
    loadparm = param.LoadParm()
    loadparm.load_default()
    credentials = Credentials()
    credentials.guess(loadparm)
    credentials.set_kerberos_state(DONT_USE_KERBEROS)
    credentials.set_domain(order["domain"])
    credentials.set_username(order["username"])
    credentials.set_password(order["password"])
    connection = drsuapi.drsuapi("ncacn_ip_tcp:%s[seal]" % order["host"], loadparm, credentials)
    handle, _ = drs_DsBind(connection)
    mark = {"usns": drsuapi.DsReplicaHighWaterMark(), "invocation_id": misc.GUID()}
    full = cycle(connection, handle, order, mark)
    print(json.dumps({"full": full, "delta": cycle(connection, handle, order, mark)}))


main()

"""What joined blocks hold: one Data, or lists of results and values, by their service (IEC 62056-5-3, 6).

    get-response-normal      Data                      get-response-list      { Get-Data-Result }
    set-request-normal       Data                      set-request-list       { Data }
    action-request-normal    Data                      action-request-list    { Data }
    action-response-normal   action-result [result]    action-response-list   { action-result [result] }
    read-request             { Variable-Access-Specification }
    read-response            { ReadResponse choice }
    write-request            { Variable-Access-Specification } { Data }

Without -normal or -list the request was not seen: what takes all the octets is meant. Field practice
differs for ACTION responses (servers send the return parameters alone), so these are tried, too.
"""

from collections.abc import Callable, Mapping

from dissectors.apdu import Apdu, Item
from dissectors.cursor import Cursor, Stop
from dissectors.problem import APDU_TRAIL, APDU_VALUE, Problem
from dissectors.xdlms import action, common, get, short_name

BUFFER = "joined"
Items = tuple[Item, ...]
Reader = Callable[[Cursor], Items]


def _value(c: Cursor) -> Items:
    return (Item(data=common.any_data(c, common.VALUE)),)


def _values(c: Cursor) -> Items:
    return tuple([Item(data=found) for found in common.data_list(c, common.VALUE_LIST)])


def _got(c: Cursor) -> Items:
    return (Item(result=common.SUCCESS, data=common.any_data(c, common.DATA)),)


def _get_result(c: Cursor) -> Items:
    return _single(get.response_normal(c, "", -1, True))


def _get_list(c: Cursor) -> Items:
    return get.response_with_list(c, "", -1, True).items or ()


def _action_result(c: Cursor) -> Items:
    return _single(action.response_normal(c, "", -1, True))


def _action_list(c: Cursor) -> Items:
    return action.response_with_list(c, "", -1, True).items or ()


def _read_response(c: Cursor) -> Items:
    return short_name.listed(
        c, short_name.READ_RESPONSES, short_name.READ_RESPONSE, short_name.READ_RESULTS, "ReadResponse"
    )[0]


def _read_request(c: Cursor) -> Items:
    return short_name.accesses(c)[0]


def _write_request(c: Cursor) -> Items:
    items, _ = short_name.accesses(c)
    return common.with_data(c, items, common.data_list(c, short_name.DATA_LIST))


def _single(apdu: Apdu) -> Items:
    return (Item(result=apdu.result, data=apdu.data),)


# By Step.content, the readers in the order they are tried: the first that takes all octets is right.
CONTENTS: Mapping[str, tuple[Reader, ...]] = {
    "get-response-normal": (_got, _get_result),
    "get-response-list": (_get_list, _got),
    "get-response": (_got, _get_list, _get_result),
    "set-request-normal": (_value,),
    "set-request-list": (_values,),
    "set-request": (_value, _values),
    "action-request-normal": (_value,),
    "action-request-list": (_values,),
    "action-request": (_value, _values),
    "action-response-normal": (_action_result, _get_result, _got),
    "action-response-list": (_action_list, _got),
    "action-response": (_action_result, _action_list, _get_result, _got),
    "read-request": (_read_request,),
    "read-response": (_read_response, _got),
    "write-request": (_write_request, _value),
}


def dissect(c: Cursor, content: str) -> Items:
    """Items of what the cursor holds, by Step.content; the cursor (or Trace) must be at the start of the joined octets.

    Where no layout takes all octets, the first one's, with its problems and apdu.trail. Never stops.
    """
    readers = CONTENTS.get(content, (_value,))
    reader = readers[0]
    if len(readers) > 1:
        reader = next((r for r in readers if _fits(c, r)), reader)
    try:
        items = reader(c)
    except Stop as stopped:
        c.problems += (stopped.problem,)
        return ()
    if c.left():
        c.note(APDU_TRAIL, -c.left(), c.left())
    return items


def list_items(joined: bytes, content: str, request: Apdu | None = None) -> tuple[Items, tuple[Problem, ...]]:
    """Items of Step.joined with results and ranges of their Data in it; content and request: those of the Step.

    One item for what is no list. Their objects come from the request: of its items in order, or its own.
    Problems have the buffer "joined": apdu.trunc, apdu.choice, apdu.trail, apdu.value (a list that is
    not as long as the request's), those of Data.
    """
    c = Cursor(joined, buffer=BUFFER)
    items = dissect(c, content)
    if request is None or not items or content in ("read-request", "write-request"):
        return items, c.problems
    if request.service == "read" and request.block is not None:
        return items, c.problems  # its specifications came in blocks of their own
    asked = request.items
    if asked is None:
        asked = (Item(request.class_id, request.obis, request.attribute, request.method),)
    problems = c.problems
    if len(asked) != len(items):
        words = f"{len(items)} in the joined data where {len(asked)} were asked for"
        problems += (Problem(APDU_VALUE, 0, len(joined), ("Count", words), BUFFER),)
    named = [
        Item(a.class_id, a.obis, a.attribute, a.method, a.variable, item.result, item.data)
        for a, item in zip(asked, items, strict=False)
    ]
    return (*named, *items[len(named) :]), problems


def _fits(c: Cursor, reader: Reader) -> bool:
    """Whether the layout takes exactly the octets that are left; the cursor stays where it is."""
    trial = Cursor(c.octets, c.pos, c.end, c.short, c.buffer)
    try:
        reader(trial)
    except Stop:
        return False
    return not trial.left()

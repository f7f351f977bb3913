"""Defences of pages taken away one at a time, as in breaks.py."""

from tests.invariants.breaks import Break

BOUNDS, PAGES = "tests/attacks/test_http_bounds.py", "tests/attacks/test_http.py"
LIMITS = (f"{BOUNDS}::test_limits_stand_before_the_work",)
OFTEN = (f"{BOUNDS}::test_a_person_who_asks_too_often_waits_and_a_colleague_does_not",)
LARGE = (f"{BOUNDS}::test_what_is_too_large_is_not_read",)
HEAD = (f"{BOUNDS}::test_who_does_not_finish_a_head_is_left",)
ENDLESS = (f"{BOUNDS}::test_an_endless_head_is_cut_off",)
BODY = (f"{BOUNDS}::test_who_does_not_finish_a_body_is_left",)
UNREAD = (f"{BOUNDS}::test_who_does_not_read_an_answer_is_given_up",)
MANY = (f"{BOUNDS}::test_of_too_many_connections_the_last_are_turned_away",)
MEANING = (f"{BOUNDS}::test_json_of_more_than_one_meaning_or_none_is_turned_down",)
HALF = (f"{BOUNDS}::test_a_text_with_half_a_character_is_turned_down",)
WHOM = (f"{BOUNDS}::test_whom_to_erase_has_one_meaning",)
BROWSER = (f"{PAGES}::test_every_answer_makes_a_browser_do_nothing",)
OTHER_SITE = (f"{PAGES}::test_no_other_site_is_let_in",)
FAULT = (f"{PAGES}::test_an_error_of_ours_tells_nothing",)
UNKNOWN = (f"{PAGES}::test_a_question_nobody_knows_is_not_answered",)
ROLES = (f"{PAGES}::test_each_role_is_answered_what_it_may_see_and_nothing_else",)
NOBODY = (f"{PAGES}::test_nobody_without_a_token_of_this_organisation_is_answered",)
LOOPBACK = (f"{PAGES}::test_an_edge_with_development_tokens_does_not_listen_to_the_world",)
CAUTIONS, DISCREET = "tests/organisation/test_cautions.py", "tests/gate/test_discretion.py"
EVERY_PAGE = (f"{CAUTIONS}::test_it_stands_on_every_page",)
FAMILY = (f"{CAUTIONS}::test_what_the_family_is_shown_names_kinds",)
LIFTED = (f"{CAUTIONS}::test_a_notice_that_says_nothing_of_it_lifts_nothing",)
DELIVERED = (f"{DISCREET}::test_every_delivery_says_what_to_beware_of",)
TOGETHER = (f"{DISCREET}::test_a_statement_does_not_show_a_school_where_else_it_goes",)
OVER = ("tests/oversight/test_ladder.py::test_that_it_is_over_a_school_hears_apart",)
UNHEARD = ("tests/oversight/test_ladder.py::test_an_alert_that_only_a_school_would_hear_goes_to_the_coordination",)
ALERTED = (f"{DISCREET}::test_an_alert_that_names_others_does_not_go_to_a_school",)
LEADER = (f"{DISCREET}::test_who_leads_now_is_not_told_to_a_school",)
ERASING = "tests/organisation/test_erasure.py"
TWO = (f"{ERASING}::test_two_persons_erase",)
OWN_SECOND = ("tests/organisation/test_api.py::test_a_second_person_is_somebody_else",)
GATE_SECOND = ("tests/gate/rules/test_roles.py::test_a_second_person_is_another_person",)
GUARD, ACCESS = "services/runtime/guard.py", "services/organisation/access.py"
MIGRATING, DISCRETION = "services/runtime/migrating/__init__.py", "services/gate/discretion.py"
VIEWS, CAUTION = "services/organisation/views.py", "services/organisation/cautions.py"

EDGE_BREAKS: tuple[Break, ...] = (
    # HTTP
    Break(
        "http", "an address may ask as often as it likes", GUARD,
        "        wait = self._rate.take(address(scope))\n", "        wait = 0\n", LIMITS,
    ),
    Break(
        "http", "a person may ask as often as they like", ACCESS,
        "        wait = self._rate.take(caller.ref)\n", "        wait = 0\n", LIMITS,
    ),
    Break(
        "http", "who asked too often waits for ever", "services/runtime/rates.py",
        " + (self._now() - at) * self._per_second)", " + 0 * (self._now() - at))", OFTEN,
    ),
    Break(
        "http", "every asker is remembered", "services/runtime/rates.py",
        "        while len(self._held) > KEPT:\n", "        while len(self._held) > 9 * KEPT:\n", OFTEN,
    ),
    Break(
        "http", "the announced length is not looked at", GUARD,
        "        if not length.isdigit() or int(length) > self._max_body:\n",
        "        if not length.isdigit() or int(length) < 0:\n", LARGE,
    ),
    Break(
        "http", "what comes without an announced length is not counted", GUARD,
        "        if self._read > self._most:\n", "        if self._read < 0:\n", LARGE,
    ),
    Break(
        "http", "a path may have any length", GUARD,
        ' + len(scope["query_string"]) > MAX_TARGET:\n', ' + len(scope["query_string"]) < 0:\n', LARGE,
    ),
    Break(
        "http", "there may be any number of headers", GUARD,
        "        if len(headers) > MAX_HEADER_LINES or sum(", "        if sum(", LARGE,
    ),
    Break(
        "http", "headers may have any length", GUARD,
        "MAX_HEADER_LINES or sum(len(n) + len(v) for n, v in headers) > MAX_HEADERS:\n", "MAX_HEADER_LINES:\n", LARGE,
    ),
    Break(
        "http", "the server keeps a head that never ends", GUARD,
        '    "h11_max_incomplete_event_size": 2 * MAX_HEADERS,\n', '    "h11_max_incomplete_event_size": 2**30,\n',
        ENDLESS,
    ),
    Break(
        "http", "who says nothing keeps the line", GUARD,
        "            self._timer = self.loop.call_later(self.patience, self._give_up)\n",
        "            self._timer = self.loop.call_later(9 * self.patience + 60, self._give_up)\n", HEAD,
    ),
    Break(
        "http", "who does not finish a body keeps the line", GUARD,
        "asyncio.timeout(max(0.0, self._end - time.monotonic())):\n", "asyncio.timeout(90):\n", BODY,
    ),
    Break(
        "http", "who does not read keeps the answer waiting", GUARD,
        "asyncio.timeout(SEND_SECONDS):\n", "asyncio.timeout(None):\n", UNREAD,
    ),
    Break(
        "http", "there may be any number of connections", GUARD,
        '    "limit_concurrency": MAX_CONNECTIONS,\n', "", MANY,
    ),
    Break(
        "http", "a form of another site is read", GUARD,
        "        if has_body and told.get(", "        if not scope and told.get(", OTHER_SITE,
    ),
    Break(
        "http", "answers say nothing to a browser", GUARD,
        "for n, v in HEADERS.items() if n.encode() not in there]", "for n, v in HEADERS.items() if there is None]",
        BROWSER,
    ),
    Break(
        "http", "the server says what it is", GUARD, '    "server_header": False,\n', '    "server_header": True,\n',
        BROWSER,
    ),
    Break(
        "http", "an answer may be kept by a browser", GUARD, '    "cache-control": "no-store",\n', "", BROWSER,
    ),
    Break(
        "http", "an error of ours tells what it was working on", GUARD,
        '"this went wrong here; the operator can see it")', 'repr(__import__("sys").exc_info()[1]))', FAULT,
    ),
    Break(
        "http", "a misspelled limit limits nothing", GUARD,
        "    unknown = len(set(asked) - known)\n", "    unknown = 0\n", UNKNOWN,
    ),
    Break(
        "http", "of a limit that stands twice the last counts", GUARD,
        "if asked.count(name) > 1]", "if asked.count(name) > 9]", UNKNOWN,
    ),
    Break(
        "http", "a token of any organisation opens each", ACCESS,
        "self._callers.caller(token, self._slug)", "self._callers.caller(token)", NOBODY,
    ),
    Break(
        "http", "every role may do everything", ACCESS,
        "            if caller.role not in roles:\n", "            if caller.role not in Role:\n", ROLES,
    ),
    Break(
        "http", "development tokens are taken from the world", "services/runtime/identity.py",
        "        require_loopback(settings.host)\n", "", LOOPBACK,
    ),
    # JSON over HTTP
    Break(
        "json", "an order may say two things", "services/organisation/sending.py",
        "    await only_one_meaning(request)\n", "", MEANING,
    ),
    Break(
        "json", "a text may hold half a character", "services/organisation/sending.py",
        "    await only_one_meaning(request)\n", "", HALF,
    ),
    Break(
        "json", "a request to erase may say two things", "services/organisation/privacy.py",
        "**described(404)},\n        dependencies=[Depends(only_one_meaning)],\n", "**described(404)},\n", WHOM,
    ),
    # Caution
    Break(
        "caution", "alerts do not say what to beware of", VIEWS,
        "    return await marked(connection, [_alert(row) for row in (await connection.execute(query)).mappings()])\n",
        "    return [_alert(row) for row in (await connection.execute(query)).mappings()]\n", EVERY_PAGE,
    ),
    Break(
        "caution", "received letters do not say what to beware of", VIEWS,
        "    return await marked(connection, [_received(row)", "    return list([_received(row)", EVERY_PAGE,
    ),
    Break(
        "caution", "the list of cases does not say what to beware of", VIEWS,
        '"caution": shown(row["caution"])}', '"caution": None}', EVERY_PAGE,
    ),
    Break(
        "caution", "a case does not say what to beware of", VIEWS,
        '        "caution": shown(head["caution"]),\n', '        "caution": None,\n', EVERY_PAGE,
    ),
    Break(
        "caution", "an opened letter does not say what to beware of", "services/organisation/reading.py",
        '"caution": (await cautions(connection, {found["case"]})).get(found["case"])}', '"caution": None}', EVERY_PAGE,
    ),
    Break(
        "caution", "the worklist does not say what to beware of", "services/organisation/worklist.py",
        "    return await marked(connection, [row for part in parts for row in await part(connection, slug, now)])\n",
        "    return [row for part in parts for row in await part(connection, slug, now)]\n", EVERY_PAGE,
    ),
    Break(
        "caution", "who is not safe is not named in a task", CAUTION,
        '        if row["caution"] and "text" in row:\n', '        if row["caution"] and "text" not in row:\n',
        EVERY_PAGE,
    ),
    Break(
        "caution", "what the family is shown names where it is", CAUTION,
        '    if caution is None or not caution["address_secret"]:\n', "    if caution is None or caution:\n", FAMILY,
    ),
    Break(
        "caution", "what was recorded of others is shown to the family", CAUTION,
        'if name != "persons"}', 'if name != "person"}', FAMILY,
    ),
    Break(
        "caution", "any notice lifts it", CAUTION,
        " or (entry.kind is EntryKind.MESSAGE and entry.verdict is Verdict.DELIVERED)\n", " or entry.kind\n", LIFTED,
    ),
    Break(
        "caution", "a delivery does not say it", "services/gate/decision.py",
        "        caution=after.head.caution if after.head else None,\n", "", DELIVERED,
    ),
    Break(
        "caution", "one alone lifts it", "services/gate/rules/cases.py",
        "        if before is None or _second_given(ctx):\n", "        if before is None or ctx.now:\n", DELIVERED,
    ),
    Break(
        "caution", "a statement shows a school where else it goes", "services/gate/rules/roles.py",
        "    return secret and outside and len(", "    return secret and not outside and len(", TOGETHER,
    ),
    Break(
        "caution", "a seal tells a school who leads", DISCRETION,
        "    if not _secret(after):\n        return False\n", "    if after:\n        return False\n", TOGETHER,
    ),
    Break(
        "caution", "an alert shows a school who else is there", DISCRETION,
        "    return tuple(slug for slug in to if not _outside(ctx, slug))\n", "    return to\n", ALERTED,
    ),
    Break(
        "caution", "a school is told who leads now", DISCRETION,
        "        if not (_secret(after) and", "        if not (not after and", LEADER,
    ),
    Break(
        "caution", "an alert that nobody may hear is lost", "services/oversight/rules/ladder.py",
        "    return inside or (distinct((watch.head.coordination or watch.head.regie,)) if to else ())\n",
        "    return inside\n", UNHEARD,
    ),
    Break(
        "caution", "that an alert is over shows a school who else heard it", "services/oversight/rules/ladder.py",
        "        for to in _apart(watch, alert.told):\n", "        for to in (alert.told,):\n", OVER,
    ),
    # Two persons
    Break(
        "second person", "one person erases", "services/organisation/privacy.py",
        '            raise Refused(422, "Second-Person: a dossier is erased by two persons")\n',
        "            second = caller.professional\n", TWO,
    ),
    Break(
        "second person", "a second token of one person is a second person", ACCESS,
        "        if second.ref == first.ref:\n", "        if second is first:\n", OWN_SECOND,
    ),
    Break(
        "second person", "who sees no case stands beside whoever decides in one", ACCESS,
        "        if second.role not in OWED:\n", "        if second.role not in Role:\n", TWO,
    ),
    Break(
        "second person", "the gate takes one name twice for two", "services/gate/rules/roles.py",
        "(second is None or (by is not None and second.ref == by.ref)):\n", "second is None:\n", GATE_SECOND,
    ),
)  # fmt: skip

"""Defences of the broker taken away one at a time, as in breaks.py. Where two stand behind each other (an authority of
their own and a name of their own keep users out of the brokers' ports) taking away one changes nothing, and has no row.
"""

from tests.invariants.breaks import Break

ATTACKS, PLAN = "tests/attacks/test_broker_rights.py", "tests/deploy/test_plan.py"
WRITING = (f"{ATTACKS}::test_writing_what_is_not_ones_own[password]",)
READING = (f"{ATTACKS}::test_reading_what_is_not_ones_own[certificate]",)
LOOKING = (f"{ATTACKS}::test_looking_around[certificate]",)
GROUP = (f"{ATTACKS}::test_using_anothers_consumer_group[password]",)
TRANSACTIONS = (f"{ATTACKS}::test_using_anothers_transactional_id[certificate]",)
GIVING = (f"{ATTACKS}::test_giving_oneself_rights[password]",)
WITHOUT_TLS = (f"{ATTACKS}::test_connecting_without_tls",)
SHOWING = (f"{ATTACKS}::test_showing_a_certificate_that_nobody_vouches_for",)
NAMING = (f"{ATTACKS}::test_naming_somebody_else_in_a_certificate",)
WHOLE_NAME = ("tests/deploy/test_certificates.py::test_only_a_whole_name_is_a_user",)
SHUT_OUT = (f"{ATTACKS}::test_a_user_whose_password_is_taken_away_is_shut_out_while_connected",)
FLOOD = (f"{ATTACKS}::test_one_who_floods_is_slowed_down_and_others_are_not",)
OTHER_HOST = (f"{ATTACKS}::test_a_broker_that_is_another_host_or_of_another_authority",)
AUDIT = (f"{PLAN}::test_the_audit_names_every_difference_and_how_to_mend_it",)

CATALOGUE, RIGHTS, SERVER = "topics/catalogue.py", "topics/rights.py", "deploy/server.properties"
BROKER, QUOTAS, CHANGES, CLIENT = "deploy/broker.py", "deploy/quotas.py", "deploy/plan.py", "services/runtime/kafka.py"

BROKER_BREAKS: tuple[Break, ...] = (
    Break(
        "rights", "everybody writes every outbox", CATALOGUE,
        "        writers=(ORGANISATION,),\n", "        writers=(EVERYBODY,),\n", WRITING,
    ),
    Break(
        "rights", "everybody reads every inbox", CATALOGUE,
        "        readers=(ORGANISATION,),\n", "        readers=(EVERYBODY,),\n", READING,
    ),
    Break(
        "rights", "everybody sees a topic of the services", CATALOGUE,
        '        readers=("operator",),\n', "        readers=(EVERYBODY,),\n", LOOKING,
    ),
    Break(
        "rights", "an organisation may use another's consumer groups", RIGHTS,
        'f"{slug}.", prefixed=True) for slug in slugs)',
        'f"{other}.", prefixed=True) for slug in slugs for other in slugs)', GROUP,
    ),
    Break(
        "rights", "everybody may use the gate's transactional ids", RIGHTS,
        'Right(service.user, "WRITE", Kind.TRANSACTIONAL_ID', 'Right("*", "WRITE", Kind.TRANSACTIONAL_ID', TRANSACTIONS,
    ),
    Break(
        "rights", "an organisation is a super user", SERVER,
        "super.users=User:admin;", "super.users=User:admin;User:linde;", GIVING,
    ),
    Break(
        "connection", "a port speaks without TLS", SERVER, ",INTERNAL:SSL,", ",INTERNAL:PLAINTEXT,", WITHOUT_TLS,
    ),
    Break(
        "connection", "a certificate is asked for and not needed", SERVER,
        "certificates.ssl.client.auth=required", "certificates.ssl.client.auth=requested", SHOWING,
    ),
    Break(
        "connection", "a service's name may stand in a user's certificate", BROKER,
        "CN=(?!(?:{services}),)([a-z]", "CN=([a-z]", NAMING,
    ),
    Break(
        "connection", "a name that fits no rule is a user too", BROKER,
        'OU={certificates.USERS},O={certificates.MARK}$/$1/"',
        'OU={certificates.USERS},O={certificates.MARK}$/$1/,DEFAULT"', NAMING,
    ),
    Break(
        "connection", "a name may stand anywhere in a certificate's name", BROKER,
        "RULE:^CN=(?!", "RULE:^.*CN=(?!", WHOLE_NAME,
    ),
    Break(
        "connection", "who is connected never logs in again", SERVER,
        "connections.max.reauth.ms={reauth_ms}", "connections.max.reauth.ms=0", SHUT_OUT,
    ),
    Break(
        "connection", "librdkafka does not compare the host name", CLIENT,
        '"ssl.endpoint.identification.algorithm": "https"',
        '"ssl.endpoint.identification.algorithm": "none"', OTHER_HOST,
    ),
    Break(
        "connection", "aiokafka does not compare the host name", CLIENT,
        "        context = ssl.create_default_context(cafile=self.ca_file)\n",
        "        context = ssl.create_default_context(cafile=self.ca_file)\n        context.check_hostname = False\n",
        OTHER_HOST,
    ),
    Break(
        "flood", "limits are not set", QUOTAS, "(quota.limit, value or 0.0, value is None)", "(quota.limit, 9e9, True)",
        FLOOD,
    ),
    Break(
        "audit", "rights too many are not looked at", CHANGES,
        "extra_acls=_sorted(have_acls - acls)", "extra_acls=_sorted(acls - acls)", AUDIT,
    ),
    Break(
        "audit", "missing rights are not looked at", CHANGES,
        "acls=_sorted(acls - have_acls)", "acls=_sorted(acls - acls)", AUDIT,
    ),
    Break(
        "audit", "unknown users are not looked at", CHANGES,
        "have_users - set(users) - {ADMIN}", "have_users - have_users", AUDIT,
    ),
    Break(
        "audit", "a setting that was changed is not looked at", CHANGES,
        "            if have[setting].value != want:\n", "            if not have[setting].value:\n", AUDIT,
    ),
    Break(
        "audit", "a missing limit is not looked at", CHANGES,
        "        if have.get(quota) != want.get(quota):\n",
        "        if quota in have and have[quota] != want.get(quota):\n", AUDIT,
    ),
)  # fmt: skip

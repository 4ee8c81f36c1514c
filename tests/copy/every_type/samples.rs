//! Values that have gone wrong somewhere: extremes, what only looks empty, what looks like syntax, odd dates.

/// Types with modifiers, tested besides the plain ones.
pub(super) const WITH_MODIFIERS: &[&str] = &[
    "character varying(7)",
    "character(7)",
    "bit(5)",
    "bit varying(9)",
    "numeric(12,3)",
    "timestamp(2) without time zone",
    "timestamp(0) with time zone",
    "time(3) without time zone",
    "time(1) with time zone",
    "interval(2)",
    "interval year to month",
    "interval day to second(3)",
];

/// Types that have no values that anybody could write.
pub(super) const WITHOUT_VALUES: &[&str] = &[
    "gtsvector",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_ndistinct",
    "pg_node_tree",
];

/// Values of a built-in type by its name in SQL, as its input takes them.
pub(super) fn samples(sql: &str) -> &'static [&'static str] {
    numbers(sql)
        .or_else(|| texts(sql))
        .or_else(|| times(sql))
        .or_else(|| shapes(sql))
        .or_else(|| names(sql))
        .unwrap_or(&[])
}

fn numbers(sql: &str) -> Option<&'static [&'static str]> {
    Some(match sql {
        "boolean" => &["t", "f"],
        "smallint" => &["0", "-32768", "32767"],
        "integer" => &["0", "-1", "-2147483648", "2147483647"],
        "bigint" => &["0", "-9223372036854775808", "9223372036854775807"],
        "oid" | "cid" => &["0", "4294967295", "16384"],
        "xid" => &["0", "3", "4294967295"],
        "xid8" => &["0", "18446744073709551615"],
        "pg_lsn" => &["0/0", "FFFFFFFF/FFFFFFFF", "16/B374D848"],
        "tid" => &["(0,0)", "(4294967295,65535)"],
        "int2vector" => &["", "1 -2 32767"],
        "oidvector" => &["", "1 4294967295"],
        "real" => &["0", "-0", "NaN", "Infinity", "-Infinity", "3.4028235e38", "1e-45", "0.1", "16777217"],
        "double precision" => {
            &["0", "-0", "NaN", "Infinity", "-Infinity", "1.7976931348623157e308", "5e-324", "0.1", "9007199254740993"]
        }
        "numeric" => &[
            "0",
            "0.000",
            "-0",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e1000",
            "-1e-1000",
            "1.10",
            "100000000",
            "0.00000000000000000000000000000001",
            "99999999999999999999999999999999.99999999",
            "10000",
            "9999.9999",
        ],
        "numeric(12,3)" => &["0", "-999999999.999", "0.001", "NaN", "123.4"],
        "money" => &["0", "-92233720368547758.08", "92233720368547758.07", "12.34"],
        "bit(5)" => &["00000", "10101"],
        "\"bit\"" => &["0", "1", "101", "0000000000000001"],
        "bit varying(9)" => &["", "1", "111111111"],
        "bit varying" => &["", "1", "0101010", "10000000", "1111111111111111111111111111111111111"],
        "uuid" => &["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
        _ => return None,
    })
}

fn texts(sql: &str) -> Option<&'static [&'static str]> {
    Some(match sql {
        "text" | "refcursor" => {
            &["", " ", "\\.", "\\N", "NULL", "a\tb\nc\rd\\e", "\"'`", "한글 값", "🦆\u{301}", "\n", "\\"]
        }
        "character varying" | "name" => &["", "\\.", "\\N", "null", "탭\t", "\n\\.\n", "끝\\", "it's \"quoted\""],
        "bpchar" => &["", "  ", "a  ", "\\.", "한  "],
        "character varying(7)" => &["", "일이삼사오육칠", "\\.\t\n", "a b "],
        "character(7)" => &["", "일이삼사오육칠", "\\N", "a b "],
        "\"char\"" => &["", "a", "\\", "\t", "\n", "\""],
        "bytea" => &["", "\\x00", "\\x5c2e0a", "\\x0a5c4e09", "\\x00ff80feff"],
        "json" => {
            &["{}", "null", " {\"a\" :  1, \"a\":2}\n", "\"\\u0000\"", "[\"값\\n\\\\\", 1e400, -0.0]", "\"\\\\.\""]
        }
        "jsonb" => &["{}", "null", "[]", "{\"값\": [1.10, null, \"\\n\\\\.\"]}", "1e400", "\"\\\"\\\\\"", "-0.0"],
        "jsonpath" => &["$", "$.\"값\"[*]", "strict $.a[0 to 2]", "lax $[*].b"],
        "xml" => &["", "<가>&lt;\n\\.</가>", "두 <a/> 조각", "<a b='\"'/>"],
        "tsvector" => &["", "'값':1A,2 'b''c':16383", "'\\\\.' 'a\t'", "a b c"],
        "tsquery" => &["", "'값' & !'b c' | 'd':*AB", "'a' <-> 'b' <3> 'c'", "'\\\\'"],
        "cidr" => &["0.0.0.0/0", "10.1.0.0/16", "::/0", "2001:db8::/32", "255.255.255.255/32"],
        "inet" => &["0.0.0.0", "10.1.2.3/8", "::1", "2001:db8::1/64", "::ffff:1.2.3.4"],
        "macaddr" => &["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"],
        "macaddr8" => &["00:00:00:00:00:00:00:00", "08:00:2b:ff:fe:01:02:03"],
        _ => return None,
    })
}

fn times(sql: &str) -> Option<&'static [&'static str]> {
    Some(match sql {
        "date" => {
            &["infinity", "-infinity", "4713-01-01 BC", "0001-12-31 BC", "5874897-12-31", "2000-02-29", "1582-10-10"]
        }
        "time without time zone" | "time(3) without time zone" => &["00:00", "24:00", "23:59:59.999"],
        "time with time zone" => &["00:00+15:59", "24:00-15:59:59", "12:34:56.789012+05:30"],
        "time(1) with time zone" => &["00:00+15:59", "23:59:59.9-08"],
        "timestamp without time zone" => &[
            "infinity",
            "-infinity",
            "4714-11-24 00:00:00 BC",
            "294276-12-31 23:59:59.999999",
            "1970-01-01",
            "0001-01-01 BC",
        ],
        "timestamp(2) without time zone" => &["infinity", "2000-01-01 00:00:00.99", "0044-03-15 BC"],
        "timestamp with time zone" => &[
            "infinity",
            "-infinity",
            "4714-11-24 00:00:00+00 BC",
            "294276-12-31 23:59:59.999999+00",
            "1908-04-01 00:00+09",
        ],
        "timestamp(0) with time zone" => &["infinity", "1969-12-31 23:59:59+00", "0044-03-15 00:00+00 BC"],
        "interval" => &[
            "0",
            "178000000 years",
            "-178000000 years",
            "1 year -2 mons 3 days -04:05:06.000007",
            "-00:00:00.000001",
            "2147483647 days",
            "-9223372036854775807 microseconds",
            "infinity",
            "-infinity",
        ],
        "interval(2)" | "interval day to second(3)" => &["0", "3 days 04:05:06.78", "-1 day +00:00:01"],
        "interval year to month" => &["0", "-178 years 11 mons"],
        _ => return None,
    })
}

fn shapes(sql: &str) -> Option<&'static [&'static str]> {
    Some(match sql {
        "point" => &["(0,0)", "(-0,1e-300)", "(NaN,Infinity)", "(0.1,-1e308)"],
        "lseg" => &["[(0,0),(1,1)]", "[(-0.1,1e-300),(NaN,-Infinity)]"],
        "path" => &["((0,0))", "[(0,0),(1,1)]", "((0,0),(1,2),(3,4))"],
        "box" => &["(1,1),(0,0)", "(Infinity,1e300),(-Infinity,0.1)"],
        "polygon" => &["((0,0))", "((0,0),(1,2),(3,4.5))"],
        "line" => &["{1,0,0}", "{0.1,-2,1e300}"],
        "circle" => &["<(0,0),0>", "<(-1.5,2),Infinity>"],
        "int4range" | "int8range" => &["empty", "(,)", "[1,1]", "[-2147483648,2147483647)", "(,5)", "[7,)"],
        "numrange" => &["empty", "(,)", "[1.10,1.100]", "(-Infinity,NaN)", "[0,1e500)"],
        "daterange" => &["empty", "(,)", "[infinity,)", "[0044-03-15 BC,2000-01-01)", "[-infinity,infinity)"],
        "tsrange" | "tstzrange" => {
            &["empty", "(,)", "[-infinity,infinity)", "[\"0044-03-15 00:00:00 BC\",\"2000-01-01 00:00:00.000001\"]"]
        }
        "int4multirange" | "int8multirange" => &["{}", "{(,)}", "{[1,2),[5,7),[9,)}", "{[-2147483648,2147483647)}"],
        "nummultirange" => &["{}", "{(,)}", "{(,1.10),[1.5,NaN]}"],
        "datemultirange" => &["{}", "{(,0044-03-15 BC),[2000-01-01,infinity)}"],
        "tsmultirange" | "tstzmultirange" => &["{}", "{(,\"0044-03-15 BC\"),[2000-01-01,infinity)}"],
        _ => return None,
    })
}

/// Names of objects that every server has, and numbers of some that none has.
fn names(sql: &str) -> Option<&'static [&'static str]> {
    Some(match sql {
        "regclass" => &["pg_class", "information_schema.tables", "-", "987654321"],
        "regproc" => &["now", "pg_backend_pid", "-", "987654321"],
        "regprocedure" => &["now()", "substring(text,integer)", "-", "987654321"],
        "regoper" => &["||/", "0", "987654321"],
        "regoperator" => &["+(integer,integer)", "-(none,bigint)", "0", "987654321"],
        "regtype" => &["integer", "\"char\"", "information_schema.cardinal_number", "numeric[]", "-", "987654321"],
        "regrole" => &["pg_monitor", "-", "987654321"],
        "regnamespace" => &["pg_catalog", "-", "987654321"],
        "regcollation" => &["\"C\"", "\"POSIX\"", "-", "987654321"],
        "regconfig" | "regdictionary" => &["simple", "-", "987654321"],
        "aclitem" => &["windlass=arwdDxt/windlass", "=r*/windlass", "pg_monitor=U*C*/windlass"],
        "information_schema.cardinal_number" => &["0", "2147483647"],
        "information_schema.character_data" | "information_schema.sql_identifier" => &["", "\\.", "이름"],
        "information_schema.time_stamp" => &["infinity", "2000-01-01 00:00:00.99+00"],
        "information_schema.yes_or_no" => &["YES", "NO"],
        "pg_snapshot" | "txid_snapshot" => &["1:1:", "10:20:10,14,15"],
        _ => return None,
    })
}

/// Values of several megabytes each, as SQL expressions with the type's name.
pub(super) const LARGE: &[(&str, &str)] = &[
    ("text", "repeat(E'한글\\t\\\\.\\n값', 150000)"),
    ("bytea", "decode(repeat(md5('x') || '0a5c2e0a', 75000), 'hex')"),
    (
        "jsonb",
        "jsonb_build_object('값', repeat(E'\"\\\\', 500000), 'b', to_jsonb(array(select generate_series(1, 50000))))",
    ),
    ("json", "(E'[\\n\"' || repeat('가', 300000) || '\"]')::json"),
    ("xml", "('<a>' || repeat('값&amp;', 200000) || '</a>')::xml"),
    ("numeric", "(repeat('9', 131072) || '.' || repeat('3', 16383))::numeric"),
    ("integer[]", "array(select generate_series(1, 300000))"),
    ("text[]", "array(select repeat(E'\"\\\\,{}', g % 50) from generate_series(1, 30000) g)"),
    ("bit varying", "repeat('10011', 1000000)::bit varying"),
    (
        "polygon",
        "(select ('(' || string_agg(format('(%s,%s)', g, g / 3.0), ',') || ')')::polygon from generate_series(1, 20000) g)",
    ),
    ("int8multirange", "(select range_agg(int8range(g * 3, g * 3 + 1)) from generate_series(1, 50000) g)"),
    ("tsvector", "(select array_to_tsvector(array_agg('값' || g)) from generate_series(1, 40000) g)"),
];

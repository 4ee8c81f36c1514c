//! Several tables in one swap, and tables that lean on others.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::postgres::replacement::{Coming, complete, swap};

use super::{alike, carry_out, planned, prepared, replace, text};

#[tokio::test]
async fn tables_that_lean_on_each_other_are_replaced_together() {
    let (database, session) = prepared(
        "create table parent (id serial primary key, first_child int);
         create table child (id int primary key default nextval('parent_id_seq'), parent int not null references parent);
         alter table parent add constraint \"맏이\" foreign key (first_child) references child deferrable initially deferred;
         create policy own on child using (exists (select from parent p where p.id = child.parent));
         create rule log as on delete to parent do also delete from child where parent = old.id;
         insert into parent values (1, null)",
    )
    .await;
    // One without the other can't be.
    let failure = planned(&session, &[("parent", alike())]).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::SwapBlocked);
    assert!(failure.message.contains("policy own on table public.child"), "{failure}");
    let fill = "insert into hidden_0 values (5, 6); insert into hidden_1 (id, parent) values (6, 5)";
    let lost = replace(&session, &["parent", "child"], fill).await.unwrap();
    assert!(lost.iter().all(|one| one.lost().is_empty()));
    let keys = "select string_agg(concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated), '; ' order by conname)
                from pg_constraint where contype = 'f'";
    assert_eq!(
        text(&session, keys).await,
        "child child_parent_fkey FOREIGN KEY (parent) REFERENCES parent(id) t; \
         parent 맏이 FOREIGN KEY (first_child) REFERENCES child(id) DEFERRABLE INITIALLY DEFERRED t"
    );
    assert_eq!(
        text(&session, "select string_agg(definition, '') from pg_rules").await.matches("DELETE FROM child").count(),
        1
    );
    assert_eq!(text(&session, "select pg_get_serial_sequence('parent', 'id')").await, "public.parent_id_seq");
    session.execute("insert into child (parent) values (5)", "adding").await.unwrap();
    database.close().await;
}

#[tokio::test]
async fn rows_that_break_a_foreign_key_leave_all_as_it_was() {
    let (database, session) = prepared(
        "create table other (id int primary key); insert into other values (1);
         create table a (x int references other); insert into a values (1); create table b (y int); insert into b values (1)",
    )
    .await;
    let error = replace(&session, &["a", "b"], "insert into hidden_0 values (2)").await.unwrap_err();
    let failure = error.on(Side::Target);
    assert_eq!(failure.code, Code::PostgresData);
    assert!(failure.message.contains("\"a\"") && !failure.message.contains("hidden_0"), "{failure}");
    assert_eq!(text(&session, "select count(*) from a, b").await, "1");
    database.close().await;
}

#[tokio::test]
async fn what_changes_meanwhile_is_kept_or_stops_the_swap() {
    let (database, session) = prepared("create table t (a int); create table u (a int); create table v (a int)").await;
    let plan = planned(&session, &[("t", alike()), ("새", alike())]).await.unwrap();
    session.execute("grant select on t to public; comment on table t is 'late'", "changing").await.unwrap();
    carry_out(&session, &plan, "").await.unwrap();
    assert_eq!(
        text(&session, "select relacl::text || obj_description(oid) from pg_class where relname = 't'")
            .await
            .matches("=r/")
            .count(),
        1
    );
    for (change, words) in [
        ("create index on t (a)", "the indexes of \"public\".\"t\" were changed"),
        ("alter table t add check (a > 0)", "the constraints of"),
        ("alter table t set (fillfactor = 50)", "the storage parameters of"),
        ("alter table t add b int", "the columns of"),
        ("drop table t; create table t (a int)", "is another table now"),
        ("drop table t", "does not exist"),
        ("create table made (a int)", "\"public\".\"made\" is another table now"),
    ] {
        let table = if change.contains("made") { "made" } else { "t" };
        let plan = planned(&session, &[(table, alike()), ("u", alike())]).await.unwrap();
        session.execute(change, "changing").await.unwrap();
        let failure = carry_out(&session, &plan, "").await.unwrap_err().on(Side::Target);
        assert_eq!((failure.code, failure.class), (Code::PostgresConflict, FailureClass::Transient), "{failure}");
        assert!(failure.message.contains(words), "{failure}");
        session.execute("drop table hidden_0, hidden_1", "sweeping").await.unwrap();
    }
    database.close().await;
}

#[tokio::test]
async fn a_table_that_others_made_gets_what_the_old_one_had() {
    let (database, session) = prepared(
        "create table t (b text default 'x' storage external, a int not null primary key, c int generated always as identity, check (a > 0))
           with (fillfactor=50, autovacuum_enabled=false);
         create index fast on t (b); comment on table t is 'kept'; grant select on t to public; alter table t alter b set statistics 9;
         create table hidden_0 with (fillfactor=90) as select 1 as a, 'b'::text as b, 7 as c, 2.5 as d;
         create index on hidden_0 (d); alter table hidden_0 add unique (d)"
            .replace(" storage external", "").as_str(),
    )
    .await;
    let plan = planned(&session, &[("t", Coming::Made)]).await.unwrap();
    assert_eq!(plan[0].drift(), ["column `d` (numeric) is new"]);
    assert_eq!((plan[0].lost().len(), plan[0].create()), (0, String::new()));
    complete(&session, &plan).await.unwrap();
    swap(&session, &plan).await.unwrap();
    let columns = "select string_agg(concat_ws(' ', attname, attnotnull, attidentity, attstattarget, pg_get_expr(adbin, adrelid)), ', ' order by attnum)
                   from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 't'::regclass and attnum > 0";
    let told = text(&session, columns).await.replace(" -1", "");
    assert_eq!(told, "a t , b f  9 'x'::text, c t a, d f ");
    let indexes = "select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = 't'";
    assert_eq!(text(&session, indexes).await, "fast t_d_idx t_d_key t_pkey");
    assert_eq!(
        text(&session, "select reloptions from pg_class where relname = 't'").await,
        "{fillfactor=90,autovacuum_enabled=false}"
    );
    assert_eq!(text(&session, "select obj_description('t'::regclass)").await, "kept");
    // Names that are taken by others stay with them.
    let again =
        "create table hidden_0 as select 1 as a, 'b'::text as b, 7 as c, 2.5 as d; create index on hidden_0 (d);
                 create table t_d_idx1 (x int)";
    session.execute(again, "making it again").await.unwrap();
    let plan = planned(&session, &[("t", Coming::Made)]).await.unwrap();
    complete(&session, &plan).await.unwrap();
    swap(&session, &plan).await.unwrap();
    assert_eq!(text(&session, indexes).await.matches("t_d_idx").count(), 1);
    // What it has already is not built again, and gets the old names.
    let again = "create table hidden_0 as select 1 as a, 'b'::text as b, 7 as c, 2.5 as d;
                 alter table hidden_0 add constraint key primary key (a); create index quick on hidden_0 (b)";
    session.execute(again, "making it again").await.unwrap();
    let plan = planned(&session, &[("t", Coming::Made)]).await.unwrap();
    assert!(plan[0].lost().is_empty());
    complete(&session, &plan).await.unwrap();
    swap(&session, &plan).await.unwrap();
    assert_eq!(text(&session, indexes).await, "fast t_d_idx t_d_key t_pkey");
    let again = "create table hidden_0 (a int, b text, c int primary key, d numeric)";
    session.execute(again, "making it again").await.unwrap();
    let plan = planned(&session, &[("t", Coming::Made)]).await.unwrap();
    assert_eq!(plan[0].lost(), ["constraint t_pkey (the new table has another primary key)"]);
    database.close().await;
}

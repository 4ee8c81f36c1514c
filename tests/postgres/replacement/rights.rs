//! Whose tables may be replaced by whom.

use windlass::domain::code::Code;
use windlass::domain::failure::Side;

use super::{alike, planned, prepared, replace, text};

#[tokio::test]
async fn a_member_of_the_owner_replaces_its_table_and_others_do_not() {
    let (database, session) = prepared("create schema s").await;
    let role = database.name().to_owned();
    let roles = format!(
        "create role {role}_owner; create role {role}_loader in role {role}_owner; create role {role}_other;
         grant usage, create on schema s to {role}_owner; grant usage on schema s to {role}_other;
         alter default privileges in schema s grant all on tables to {role}_other;
         alter default privileges for role {role}_loader in schema s grant all on tables to {role}_other;
         create table s.ref (id int primary key); insert into s.ref values (1); grant references on s.ref to {role}_owner;
         create table s.t (id serial primary key, x int references s.ref); create policy p on s.t using (true);
         revoke all on s.t from {role}_other; grant select on s.t to {role}_other with grant option;
         alter table s.t owner to {role}_owner; alter table s.t enable row level security;
         set role {role}_other; grant select on s.t to {role}_loader; set role {role}_other"
    );
    session.execute(&roles, "making roles").await.unwrap();
    let failure = planned(&session, &[("s.t", alike())]).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::PostgresPrivilege);
    assert!(failure.message.contains(&format!("belongs to `{role}_owner`")), "{failure}");

    session.execute(&format!("reset role; set role {role}_loader"), "changing roles").await.unwrap();
    let rights = "select string_agg(a::text, ' ' order by a::text) from pg_class c, unnest(relacl) a where c.oid = 's.t'::regclass";
    let before = text(&session, rights).await;
    replace(&session, &["s.t"], "insert into s.hidden_0 values (1, 1)").await.unwrap();
    // What somebody else had granted is the owner's now.
    let given = format!("{role}_loader=r/{role}_other");
    assert!(before.contains(&given), "{before}");
    assert_eq!(text(&session, rights).await, before.replace(&given, &format!("{role}_loader=r/{role}_owner")));
    assert_eq!(
        text(&session, "select relowner::regrole from pg_class where oid = 's.t'::regclass").await,
        format!("{role}_owner")
    );
    assert_eq!(
        text(&session, "select relowner::regrole from pg_class where oid = 's.t_id_seq'::regclass").await,
        format!("{role}_owner")
    );

    database
        .execute(&format!("revoke create on schema s from {role}_owner; grant create on schema s to {role}_loader"))
        .await;
    let failure = planned(&session, &[("s.t", alike())]).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::PostgresPrivilege);
    assert!(failure.message.contains("may not create in the schema"), "{failure}");
    session.close().await;
    let roles = format!("{role}_owner, {role}_loader, {role}_other");
    database.execute(&format!("drop schema s cascade; drop owned by {roles}; drop role {roles}")).await;
    database.close().await;
}

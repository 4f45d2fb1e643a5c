//! The people of a workspace, taken to be put into a copy of it: its roles, its members and what is set, and of the
//! directory the workspace under another id and the one member who acts there.
//!
//! Passwords, tokens, invitations and sealed secrets stay behind: nobody signs in to a copy.

use kontor_core::{
    caller::{Caller, Operator},
    grants::{AgentSet, Grants},
    ids::{MemberId, UserId},
};
use kontor_store::{TableRows, Tx};
use sea_query::{Asterisk, Expr, ExprTrait as _, Query};

use crate::{
    Error, Identity, Result, WorkspaceSummary,
    rows::{
        memberships, roles, settings,
        users::{self, UserRow},
        workspaces,
    },
};

const ROLES: &str = "roles";
const MEMBERS: &str = "members";
const SETTINGS: &str = "settings";

/// The people of a workspace.
pub struct TakenPeople(Vec<TableRows>);

/// Who acts in a copy, as the directory of the original knows them.
#[derive(Debug, Clone)]
pub struct CopiedMember {
    pub member: MemberId,
    pub workspace_name: String,
    user: UserId,
    name: String,
    email: String,
}

impl Identity {
    /// Who a member is, to act in a copy of their workspace.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`].
    pub async fn member_to_copy(&self, caller: &Caller) -> Result<CopiedMember> {
        let me = self.me(caller).await?;
        Ok(CopiedMember {
            member: me.member.id,
            workspace_name: me.workspace.name,
            user: me.user.id,
            name: me.user.name,
            email: me.user.email,
        })
    }

    /// Takes the roles and members of a workspace, and what is set for it and for one member.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_people(tx: &mut Tx<'_>, member: MemberId) -> Result<TakenPeople> {
        let mut taken = Vec::new();
        for table in [ROLES, MEMBERS, SETTINGS] {
            let mut select = Query::select().column(Asterisk).from(tx.table(table)).take();
            if table == SETTINGS {
                let scopes = [settings::scope(None), settings::scope(Some(member))];
                select.and_where(Expr::col("scope").is_in(scopes));
            }
            taken.push(tx.take_rows(table, &select).await?);
        }
        Ok(TakenPeople(taken))
    }

    /// Takes the roles of a workspace and what is set for it, and none of its members.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_roles(tx: &mut Tx<'_>) -> Result<TakenPeople> {
        let roles = Query::select().column(Asterisk).from(tx.table(ROLES)).take();
        let set = Query::select()
            .column(Asterisk)
            .from(tx.table(SETTINGS))
            .and_where(Expr::col("scope").eq(settings::scope(None)))
            .take();
        Ok(TakenPeople(vec![tx.take_rows(ROLES, &roles).await?, tx.take_rows(SETTINGS, &set).await?]))
    }

    /// Puts them into a copy, on SQLite.
    ///
    /// # Errors
    /// What the database said.
    pub async fn put_people(tx: &mut Tx<'_>, taken: &TakenPeople) -> Result<()> {
        for rows in &taken.0 {
            tx.put_rows(rows).await?;
        }
        Ok(())
    }

    /// Bounds what a member of a copy may do there by `grants`, and lets them use one agent there whatever else they may
    /// use. Whoever has the same role is bounded with them.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`].
    pub async fn bound_in_copy(
        tx: &mut Tx<'_>,
        member: MemberId,
        grants: &Grants,
        agent: &str,
    ) -> Result<()> {
        let find = Query::select()
            .column("role_id")
            .from(tx.table(MEMBERS))
            .and_where(Expr::col("id").eq(member.as_uuid()))
            .take();
        let row = tx.fetch_optional(&find).await?.ok_or(Error::MemberNotFound)?;
        let role = row.get(0)?;
        let all = roles::all(tx).await?;
        let (id, role) = all.into_iter().find(|(id, _)| *id == role).ok_or(Error::MemberNotFound)?;
        let mut bounded = role.grants.intersect(grants);
        if !bounded.agents().contains(agent) {
            bounded = bounded.with_agents(AgentSet::of([agent]));
        }
        roles::set_grants(tx, id, &serde_json::to_value(&bounded)?).await
    }

    /// Tells the directory of a workspace that was made by its database alone, and has no members.
    ///
    /// # Errors
    /// What the database said.
    pub async fn adopt_empty(&self, _: Operator, workspace: WorkspaceSummary) -> Result<()> {
        let now = self.now();
        self.directory()
            .write(workspace, move |tx, workspace| {
                Box::pin(async move {
                    workspaces::insert(tx, workspace, now).await?;
                    workspaces::activate(tx, workspace.id).await
                })
            })
            .await
    }

    /// Tells the directory of a copy whose it is and who acts there. Nobody can sign in as them.
    ///
    /// # Errors
    /// What the database said.
    pub async fn adopt(&self, _: Operator, workspace: WorkspaceSummary, actor: CopiedMember) -> Result<()> {
        let now = self.now();
        self.directory()
            .write((workspace, actor), move |tx, (workspace, actor)| {
                Box::pin(async move {
                    let user = UserRow {
                        id: actor.user,
                        email: actor.email.clone(),
                        name: actor.name.clone(),
                        // No password has this hash.
                        password_hash: String::new(),
                    };
                    users::insert(tx, &user, now).await?;
                    workspaces::insert(tx, workspace, now).await?;
                    memberships::insert(tx, workspace.id, actor.user, actor.member, now).await?;
                    workspaces::activate(tx, workspace.id).await
                })
            })
            .await
    }
}

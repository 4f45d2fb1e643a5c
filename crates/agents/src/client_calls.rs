//! Calls that a program makes for somebody: what an agent would have to ask a person about, it has to as well. The
//! question is kept, the program is told its id, and whoever is asked answers it where they answer their agents'.

use kontor_core::{
    caller::Caller,
    error::Fault as _,
    grants::Permission,
    ids::{ApprovalId, RecordId},
    text::hex,
    turn::{ApprovalDetail, ApprovalQuestion, ApprovalReason, ApprovalRecord},
};
use kontor_crm::timeline;
use kontor_operations::{APPROVAL_REQUIRED, Call, Consent, Error as CallError, RequestKey, USUAL_ROOM};
use kontor_store::AuditEntry;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    access::member_of,
    approvals::{Decision, check_comment},
    engine::Agents,
    error::Error,
    rows::client_approvals::{self as rows, Asked},
    stored::{AnsweredApproval, AnyApproval, ApprovalStatus, ClientApproval},
};

/// Characters of the key of a call.
pub const LONGEST_KEY: usize = 200;

/// A call that a program makes.
#[derive(Debug, Clone)]
pub struct ClientCall {
    pub operation: String,
    pub arguments: Json,
    /// Under it a change is made once, and a question asked once.
    pub key: Option<String>,
}

/// What comes of it.
#[derive(Debug)]
pub enum ClientAnswer {
    Done(Json),
    /// A person was asked; what is known of their answer. One who agreed has the call made when it is asked for next.
    Asked(Box<ClientApproval>),
}

/// What a call may do without anybody being asked: each stands by itself.
const UNASKED: Consent = Consent::NotAsked { changed: 0, unasked: 0 };

impl Agents {
    /// Makes a program's call, or asks whoever it acts for first. The same call, made again once they agreed, runs.
    ///
    /// # Errors
    /// What the call itself says; [`CallError::KeyReused`].
    pub async fn call_for_client(&self, caller: &Caller, call: ClientCall) -> Result<ClientAnswer, Error> {
        if call.key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > LONGEST_KEY) {
            let message = format!("A key has 1 to {LONGEST_KEY} characters.");
            return Err(Error::invalid("idempotency_key", "invalid_idempotency_key", message));
        }
        let fingerprint = fingerprint(&call);
        let key = call.key.clone().map(|key| RequestKey { key, fingerprint: fingerprint.clone() });
        let (operation, arguments) = (&call.operation, call.arguments.clone());
        match self.0.operations.execute_for(caller, operation, arguments, key, UNASKED).await {
            Err(CallError::Refused(problem)) if problem.code == APPROVAL_REQUIRED => {}
            answer => return Ok(ClientAnswer::Done(answer?)),
        }
        let asked = self.question_of(caller, call, fingerprint).await?;
        self.follow_up(caller, asked).await
    }

    /// What became of a question that the caller's call led to. Where the person agreed, the call is made now, once.
    ///
    /// # Errors
    /// [`Error::ApprovalNotFound`], also where it is another's; what the call itself says.
    pub async fn client_answer(&self, caller: &Caller, id: ApprovalId) -> Result<ClientAnswer, Error> {
        let (owner, now) = (owner(caller), self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        let found = namespace
            .read((owner, id, now), |tx, &(owner, id, now)| Box::pin(rows::of_owner(tx, owner, id, now)));
        let found = found.await?.ok_or(Error::ApprovalNotFound(id))?;
        self.follow_up(caller, found).await
    }

    async fn follow_up(&self, caller: &Caller, approval: ClientApproval) -> Result<ClientAnswer, Error> {
        if approval.status != ApprovalStatus::Approved {
            return Ok(ClientAnswer::Asked(Box::new(approval)));
        }
        let key = RequestKey {
            key: format!("approval/{}", approval.id),
            fingerprint: approval.fingerprint.clone(),
        };
        let ClientApproval { id, operation, arguments, .. } = approval;
        // What was answered under the key is kept for as long as an approval is good, so that it is used once, also
        // where a crash comes before it is marked as used.
        let run = self.0.operations.execute_for(caller, &operation, arguments, Some(key), Consent::Given);
        let answer = run.await?;
        if !approval.is_done {
            let now = self.0.environment.now();
            let namespace = self.namespace(caller.workspace).await?;
            namespace.write((id, now), |tx, &(id, now)| Box::pin(rows::set_used(tx, id, now))).await?;
        }
        Ok(ClientAnswer::Done(answer))
    }

    /// The question about a call: the one that was asked already, or a new one.
    async fn question_of(
        &self,
        caller: &Caller,
        call: ClientCall,
        fingerprint: String,
    ) -> Result<ClientApproval, Error> {
        let (owner, now) = (owner(caller), self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        let key = call.key.clone();
        let known =
            namespace.read((owner, key, fingerprint.clone(), now), |tx, (owner, key, fingerprint, now)| {
                Box::pin(rows::of_call(tx, *owner, key.as_deref(), fingerprint, *now))
            });
        if let Some(known) = known.await? {
            return same(known, &fingerprint);
        }
        let reason = self.reason(caller, &call).await?;
        let record = self.record_of(caller, &call).await;
        let question = ApprovalQuestion { reason, record, asked_agent: None };
        let approval = ClientApproval {
            id: self.0.environment.new_id(),
            client: caller.actor(),
            member: caller.member(),
            operation: call.operation,
            arguments: call.arguments,
            why: question.reason.words(),
            question,
            status: ApprovalStatus::Pending,
            requested_at: now,
            expires_at: now
                .plus(self.0.settings.approval_lifetime.min(kontor_operations::requests::LIFETIME)),
            resolved_at: None,
            comment: String::new(),
            is_done: false,
            fingerprint: fingerprint.clone(),
        };
        let kept = namespace.write((owner, call.key, approval, now), |tx, (owner, key, approval, now)| {
            Box::pin(async move {
                let (key, now) = (key.as_deref(), *now);
                if rows::insert(tx, *owner, key, approval).await? {
                    return Ok(approval.clone());
                }
                // Another call under the same key came first.
                let first = rows::of_call(tx, *owner, key, &approval.fingerprint, now).await?;
                first.ok_or(Error::ApprovalNotFound(approval.id))
            })
        });
        same(kept.await?, &fingerprint)
    }

    async fn reason(&self, caller: &Caller, call: &ClientCall) -> Result<ApprovalReason, Error> {
        let call = Call {
            caller: std::sync::Arc::new(caller.clone()),
            operation: call.operation.clone(),
            arguments: call.arguments.clone(),
            consent: UNASKED,
            room: USUAL_ROOM,
        };
        Ok(self.0.operations.rehearse(call, false).await?.asks.unwrap_or_default())
    }

    /// The record that a call on one record names, as far as whoever makes it may read it.
    async fn record_of(&self, caller: &Caller, call: &ClientCall) -> Option<ApprovalRecord> {
        let (object, _) = call.operation.split_once('.')?;
        let id: RecordId = call.arguments.get("id")?.as_str()?.parse().ok()?;
        let found = self.0.crm.read(caller, (object.to_owned(), id), |work, (object, id)| {
            Box::pin(async move {
                let Some(object) = work.schema.object(object).cloned() else { return Ok(None) };
                let now = work.now;
                timeline::before(work, &object, *id, now).await.map(Some)
            })
        });
        // One that cannot be shown is asked about all the same: the arguments name it.
        let before = found
            .await
            .inspect_err(|error| tracing::debug!(code = %error.problem().code, "a call names no record that can be shown"))
            .ok()??;
        let details =
            before.details.into_iter().map(|(label, value)| ApprovalDetail { label, value }).collect();
        Some(ApprovalRecord {
            object: object.to_owned(),
            id,
            name: before.label,
            renamed_to: None,
            is_new: false,
            details,
        })
    }

    /// What waits for a member's word, or was answered, whoever wants it: the latest first.
    pub async fn all_approvals(
        &self,
        caller: &Caller,
        status: Option<ApprovalStatus>,
    ) -> Result<Vec<AnyApproval>, Error> {
        let of_turns = self.approvals(caller, None, status).await?;
        let (asked, now) = (asked(caller)?, self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        let of_clients = namespace.read((asked, status, now), |tx, &(asked, status, now)| {
            Box::pin(rows::list(tx, asked, status, now))
        });
        let mut all: Vec<_> = of_turns.into_iter().map(AnyApproval::OfTurn).collect();
        all.extend(of_clients.await?.into_iter().map(AnyApproval::OfClient));
        all.sort_by_key(|approval| {
            std::cmp::Reverse(match approval {
                AnyApproval::OfTurn(listed) => (listed.approval.requested_at, listed.approval.id),
                AnyApproval::OfClient(asked) => (asked.requested_at, asked.id),
            })
        });
        Ok(all)
    }

    /// Answers an approval, whoever wanted it.
    ///
    /// # Errors
    /// As [`resolve_approval`](Self::resolve_approval).
    pub async fn answer_approval(
        &self,
        caller: &Caller,
        id: ApprovalId,
        decision: Decision,
    ) -> Result<AnsweredApproval, Error> {
        match self.resolve_approval(caller, id, decision.clone()).await {
            Err(Error::ApprovalNotFound(_)) => {
                self.resolve_client_approval(caller, id, decision).await.map(AnsweredApproval::OfClient)
            }
            resolved => resolved.map(AnsweredApproval::OfTurn),
        }
    }

    async fn resolve_client_approval(
        &self,
        caller: &Caller,
        id: ApprovalId,
        decision: Decision,
    ) -> Result<ClientApproval, Error> {
        decides_themselves(caller)?;
        check_comment(&decision.comment)?;
        let (asked, now) = (asked(caller)?, self.0.environment.now());
        let status = if decision.approved { ApprovalStatus::Approved } else { ApprovalStatus::Denied };
        let namespace = self.namespace(caller.workspace).await?;
        let arguments = (self.0.environment.clone(), caller.actor(), status, decision.comment);
        let resolved = namespace.write(arguments, move |tx, (environment, actor, status, comment)| {
            Box::pin(async move {
                let found = rows::find(tx, asked, id, now).await?;
                let mut approval = found.ok_or(Error::ApprovalNotFound(id))?;
                if !rows::resolve(tx, id, *status, asked.member, comment, now).await? {
                    return Err(Error::ApprovalClosed);
                }
                let (action, target) = (format!("approval.{}", status.word()), format!("approval:{id}"));
                let details = json!({
                    "operation": approval.operation,
                    "arguments": approval.arguments,
                    "client": approval.client,
                    "question": approval.question,
                    "comment": comment,
                });
                tx.audit(environment, now, actor, AuditEntry::new(action, target, details)).await?;
                approval.status = *status;
                approval.resolved_at = Some(now);
                approval.comment.clone_from(comment);
                Ok(approval)
            })
        });
        resolved.await
    }
}

/// Whether the caller is a person who speaks for themselves: no program, whatever it may do, answers what it is to be
/// asked about.
///
/// # Errors
/// [`Error::NotAPerson`].
pub(crate) fn decides_themselves(caller: &Caller) -> Result<(), Error> {
    if caller.is_in_person() { Ok(()) } else { Err(Error::NotAPerson) }
}

/// Whose questions a caller answers: their own, and with the permission to manage API keys those of programs that act
/// for nobody.
pub(crate) fn asked(caller: &Caller) -> Result<Asked, Error> {
    let member = member_of(caller)?;
    Ok(Asked { member, of_programs: caller.grants.permits(Permission::ApiKeys) })
}

fn same(approval: ClientApproval, fingerprint: &str) -> Result<ClientApproval, Error> {
    if approval.fingerprint == fingerprint { Ok(approval) } else { Err(CallError::KeyReused.into()) }
}

fn owner(caller: &Caller) -> Uuid {
    caller.principal.id().unwrap_or_default()
}

/// What tells a call from every other of the same owner.
fn fingerprint(call: &ClientCall) -> String {
    let mut digest = Sha256::new();
    digest.update(call.operation.as_bytes());
    digest.update(b"\n");
    digest.update(call.arguments.to_string().as_bytes());
    hex(&digest.finalize())
}

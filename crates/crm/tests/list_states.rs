use std::sync::Arc;

use kontor_core::{actor::Principal, caller::Caller, grants::Grants};
use kontor_crm::MAX_LIST_STATE;
use kontor_store::{both_engines, testing::TestStore};

use crate::support::{Fixture, problem};

both_engines! {
    async fn a_list_is_remembered_as_each_member_left_it(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let crm = &fixture.crm;
    let other = Principal::Member { id: crm.environment().new_id(), name: "Max".to_owned() };
    let max = Caller::new(fixture.workspace, other, Arc::new(Grants::everything()));
    let ada = &fixture.ada;
    assert_eq!(crm.list_state(ada, "deal").await.unwrap(), None);

    crm.keep_list_state(ada, "deals", "sort=-amount&c=stage").await.unwrap();
    crm.keep_list_state(&max, "deal", "sort=name").await.unwrap();
    crm.keep_list_state(ada, "contact", "c=emails").await.unwrap();
    let elsewhere = fixture.elsewhere(&store);
    let kept = async |caller: &Caller, object: &str| elsewhere.crm.list_state(caller, object).await.unwrap();
    assert_eq!(kept(ada, "deal").await.as_deref(), Some("sort=-amount&c=stage"));
    assert_eq!(kept(&max, "deals").await.as_deref(), Some("sort=name"));
    assert_eq!(kept(ada, "contact").await.as_deref(), Some("c=emails"));

    crm.keep_list_state(ada, "deal", "sort=stage").await.unwrap();
    assert_eq!(kept(ada, "deal").await.as_deref(), Some("sort=stage"));
    crm.keep_list_state(ada, "deal", &"x".repeat(MAX_LIST_STATE + 1)).await.unwrap();
    assert_eq!(kept(ada, "deal").await.as_deref(), Some("sort=stage"), "what is too long is not kept");
    crm.keep_list_state(ada, "deal", "").await.unwrap();
    assert_eq!(kept(ada, "deal").await, None);
    assert_eq!(kept(&max, "deal").await.as_deref(), Some("sort=name"));

    let nobody = Caller::system(fixture.workspace);
    crm.keep_list_state(&nobody, "deal", "sort=name").await.unwrap();
    assert_eq!(kept(&nobody, "deal").await, None);
    let blind = fixture.with(Grants::nothing());
    assert_eq!(problem(crm.list_state(&blind, "deal").await).code, "unknown_object");
    assert_eq!(problem(crm.keep_list_state(&blind, "deal", "sort=name").await).code, "unknown_object");
}
}

//! EventBridge Scheduler: groups, and the schedules that start or change what runs in ECS.

use aws_sdk_scheduler::{Client, types};
use futures_util::{StreamExt, stream};

use super::calls;
use super::names::Names;
use super::region::Region;
use crate::snapshot::{EcsParameters, Schedule, ScheduleGroup, Tags, Target};

const SCHEDULES: &str = "schedules";

impl Region<'_> {
    /// Groups, and schedules, which name task definitions.
    pub(super) async fn schedules(&self, definitions: &Names) {
        let client = Client::new(&self.config);
        tokio::join!(self.schedule_groups(&client), self.schedules_of_ecs(&client, definitions));
    }

    async fn schedule_groups(&self, client: &Client) {
        const LIST: &str = "scheduleGroups";
        let mut groups = Vec::new();
        let send = |token| client.list_schedule_groups().set_next_token(token).send();
        let listed = self.caller.pages(&calls::SCHEDULE_GROUPS, send, |page| {
            self.part.declare(LIST);
            groups.extend(page.schedule_groups);
            page.next_token
        });
        self.part.take(&calls::SCHEDULE_GROUPS, &[LIST], "", listed.await);
        let groups = stream::iter(groups).map(|one| async move {
            let arn = one.arn.unwrap_or_default();
            let tags = self
                .caller
                .call(&calls::SCHEDULE_GROUP_TAGS, || {
                    client.list_tags_for_resource().resource_arn(&arn).send()
                })
                .await;
            let tags = self.part.take(&calls::SCHEDULE_GROUP_TAGS, &[], &arn, tags);
            let tags = tags.map(|answer| {
                let tags = answer.tags.unwrap_or_default().into_iter();
                Tags::new(tags.map(|tag| (tag.key, tag.value)).collect())
            });
            let group = ScheduleGroup { name: one.name.unwrap_or_default(), arn, tags };
            self.part.push(LIST, &group.arn, &group);
        });
        groups.buffer_unordered(self.width).collect::<()>().await;
    }

    async fn schedules_of_ecs(&self, client: &Client, definitions: &Names) {
        let mut found = Vec::new();
        let send = |token| client.list_schedules().set_next_token(token).send();
        let listed = self.caller.pages(&calls::SCHEDULES, send, |page| {
            self.part.declare(SCHEDULES);
            let of_ecs = |one: &types::ScheduleSummary| {
                one.target.as_ref().is_some_and(|one| one.arn.contains(":ecs:"))
            };
            found.extend(page.schedules.into_iter().filter(of_ecs));
            page.next_token
        });
        self.part.take(&calls::SCHEDULES, &[SCHEDULES], "", listed.await);
        let found = stream::iter(found).map(|one| self.schedule(client, one, definitions));
        found.buffer_unordered(self.width).collect::<()>().await;
    }

    async fn schedule(&self, client: &Client, one: types::ScheduleSummary, definitions: &Names) {
        let arn = one.arn.unwrap_or_default();
        let got = self
            .caller
            .call(&calls::SCHEDULE, || {
                let call = client.get_schedule().set_name(one.name.clone());
                call.set_group_name(one.group_name.clone()).send()
            })
            .await;
        let Some(got) = self.part.take(&calls::SCHEDULE, &[SCHEDULES], &arn, got) else { return };
        let schedule = Schedule {
            name: got.name.unwrap_or_default(),
            arn,
            group_name: got.group_name,
            state: got.state.map(|state| state.as_str().to_owned()),
            target: got.target.map(target),
        };
        let ecs = schedule.target.iter().filter_map(|target| target.ecs_parameters.as_ref());
        definitions.extend(ecs.map(|ecs| ecs.task_definition_arn.clone()));
        self.part.push(SCHEDULES, &schedule.arn, &schedule);
    }
}

fn target(one: types::Target) -> Target {
    Target {
        arn: one.arn,
        role_arn: Some(one.role_arn),
        ecs_parameters: one.ecs_parameters.map(|ecs| EcsParameters {
            task_definition_arn: ecs.task_definition_arn,
            propagate_tags: ecs.propagate_tags.map(|one| one.as_str().to_owned()),
            enable_ecs_managed_tags: ecs.enable_ecs_managed_tags,
        }),
    }
}

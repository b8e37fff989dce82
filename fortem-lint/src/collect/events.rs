//! EventBridge: the rules that start or change what runs in ECS.

use aws_sdk_eventbridge::{Client, types};
use futures_util::{StreamExt, stream};

use super::calls;
use super::names::Names;
use super::region::Region;
use crate::snapshot::{EcsParameters, EventRule, Tags, Target};

const LIST: &str = "eventRules";

impl Region<'_> {
    /// Rules of all buses with a target in ECS, which name task definitions.
    pub(super) async fn event_rules(&self, definitions: &Names) {
        let client = Client::new(&self.config);
        let mut buses = Vec::new();
        let send = |token| client.list_event_buses().set_next_token(token).send();
        let listed = self.caller.pages(&calls::EVENT_BUSES, send, |page| {
            self.part.declare(LIST);
            buses.extend(
                page.event_buses.unwrap_or_default().into_iter().filter_map(|one| one.name),
            );
            page.next_token
        });
        let listed = self.part.take(&calls::EVENT_BUSES, &[LIST], "", listed.await);
        // The bus that every account has can be read though they cannot be listed.
        if listed.is_none() && buses.is_empty() {
            buses.push("default".to_owned());
        }
        for bus in buses {
            let rules = self.rules_of(&client, &bus).await;
            let of_rules =
                stream::iter(rules).map(|rule| self.event_rule(&client, rule, definitions));
            of_rules.buffer_unordered(self.width).collect::<()>().await;
        }
    }

    /// Rules that AWS made for its services are left out: nobody can change them.
    async fn rules_of(&self, client: &Client, bus: &str) -> Vec<types::Rule> {
        let mut rules = Vec::new();
        let send = |token| client.list_rules().event_bus_name(bus).set_next_token(token).send();
        let listed = self.caller.pages(&calls::EVENT_RULES, send, |page| {
            let all = page.rules.unwrap_or_default().into_iter();
            rules.extend(all.filter(|rule| rule.managed_by.is_none()));
            page.next_token
        });
        self.part.take(&calls::EVENT_RULES, &[LIST], bus, listed.await);
        rules
    }

    async fn event_rule(&self, client: &Client, rule: types::Rule, definitions: &Names) {
        let (name, arn) = (rule.name.unwrap_or_default(), rule.arn.unwrap_or_default());
        let mut targets = Vec::new();
        let send = |token| {
            let call = client.list_targets_by_rule().rule(&name);
            call.set_event_bus_name(rule.event_bus_name.clone()).set_next_token(token).send()
        };
        let listed = self.caller.pages(&calls::EVENT_TARGETS, send, |page| {
            let of_ecs = page.targets.unwrap_or_default().into_iter().map(target);
            targets.extend(of_ecs.filter(is_of_ecs));
            page.next_token
        });
        self.part.take(&calls::EVENT_TARGETS, &[LIST], &arn, listed.await);
        if targets.is_empty() {
            return;
        }
        let tags = self
            .caller
            .call(&calls::EVENT_TAGS, || client.list_tags_for_resource().resource_arn(&arn).send())
            .await;
        let tags = self.part.take(&calls::EVENT_TAGS, &[], &arn, tags);
        let tags = tags.map(|answer| {
            let tags = answer.tags.unwrap_or_default().into_iter();
            Tags::new(tags.map(|tag| (tag.key, tag.value)).collect())
        });
        let ecs = targets.iter().filter_map(|one| one.ecs_parameters.as_ref());
        definitions.extend(ecs.map(|ecs| ecs.task_definition_arn.clone()));
        let state = rule.state.map(|state| state.as_str().to_owned());
        let rule = EventRule { name, arn, state, targets, tags };
        self.part.push(LIST, &rule.arn, &rule);
    }
}

fn is_of_ecs(target: &Target) -> bool {
    target.ecs_parameters.is_some() || target.arn.contains(":ecs:")
}

fn target(one: types::Target) -> Target {
    Target {
        arn: one.arn,
        role_arn: one.role_arn,
        ecs_parameters: one.ecs_parameters.map(|ecs| EcsParameters {
            task_definition_arn: ecs.task_definition_arn,
            propagate_tags: ecs.propagate_tags.map(|one| one.as_str().to_owned()),
            enable_ecs_managed_tags: Some(ecs.enable_ecs_managed_tags),
        }),
    }
}

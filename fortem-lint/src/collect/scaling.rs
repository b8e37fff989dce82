//! Application Auto Scaling: the ECS services that it scales.

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use futures_util::{StreamExt, stream};

use super::calls;
use super::region::Region;
use crate::snapshot::{ScalableTarget, Tags};

const LIST: &str = "scalableTargets";

impl Region<'_> {
    /// Scalable targets with their tags.
    pub(super) async fn scalable_targets(&self) {
        let client = Client::new(&self.config);
        let mut found = Vec::new();
        let send = |token| {
            let call = client.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
            call.set_next_token(token).send()
        };
        let listed = self.caller.pages(&calls::SCALABLE_TARGETS, send, |page| {
            self.part.declare(LIST);
            found.extend(page.scalable_targets.unwrap_or_default());
            page.next_token
        });
        self.part.take(&calls::SCALABLE_TARGETS, &[LIST], "", listed.await);
        let client = &client;
        let found = stream::iter(found).map(|one| async move {
            let arn = one.scalable_target_arn.unwrap_or_default();
            let target = ScalableTarget {
                service_namespace: one.service_namespace.as_str().to_owned(),
                resource_id: one.resource_id,
                tags: self.scalable_target_tags(client, &arn).await,
                arn,
            };
            self.part.push(LIST, &target.resource_id, &target);
        });
        found.buffer_unordered(self.width).collect::<()>().await;
    }

    /// Targets of old have no ARN, and so no tags.
    async fn scalable_target_tags(&self, client: &Client, arn: &str) -> Option<Tags> {
        if arn.is_empty() {
            return Some(Tags::default());
        }
        let listed = self
            .caller
            .call(&calls::SCALABLE_TARGET_TAGS, || {
                client.list_tags_for_resource().resource_arn(arn).send()
            })
            .await;
        let answer = self.part.take(&calls::SCALABLE_TARGET_TAGS, &[], arn, listed)?;
        let mut tags: Vec<_> = answer.tags.unwrap_or_default().into_iter().collect();
        tags.sort();
        Some(Tags::new(tags))
    }
}

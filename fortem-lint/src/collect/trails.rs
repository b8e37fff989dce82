//! CloudTrail: whether calls are recorded.

use aws_sdk_cloudtrail::Client;

use super::calls;
use super::region::Region;
use crate::snapshot::Trail;

const LIST: &str = "trails";

impl Region<'_> {
    /// The trails that record this Region, those of the Organization among them.
    pub(super) async fn trails(&self) {
        let client = Client::new(&self.config);
        let described = self
            .caller
            .call(&calls::TRAILS, || client.describe_trails().include_shadow_trails(true).send())
            .await;
        let Some(answer) = self.part.take(&calls::TRAILS, &[LIST], "", described) else { return };
        self.part.declare(LIST);
        for one in answer.trail_list.unwrap_or_default() {
            let arn = one.trail_arn.unwrap_or_default();
            let status = self
                .caller
                .call(&calls::TRAIL_STATUS, || client.get_trail_status().name(&arn).send())
                .await;
            let status = self.part.take(&calls::TRAIL_STATUS, &[LIST], &arn, status);
            let trail = Trail {
                name: one.name.unwrap_or_default(),
                trail_arn: arn,
                is_multi_region_trail: one.is_multi_region_trail,
                log_file_validation_enabled: one.log_file_validation_enabled,
                is_logging: status.and_then(|status| status.is_logging),
                tags: None,
            };
            self.part.push(LIST, &trail.trail_arn, &trail);
        }
    }
}

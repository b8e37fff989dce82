//! An API action that nothing ties to an environment.

use fortem_core::Problem;

use super::Ground;
use crate::reference::Carries;
use crate::table::Blind;
use crate::table::escalation::Escalation;
use crate::table::rows::Row;

pub(in crate::table) fn checked(
    ground: &Ground,
    row: &Row<Blind>,
) -> Result<Vec<Blind>, Vec<Problem>> {
    let blind = &row.value;
    let mut problems = ground.actions(row, &blind.actions);
    problems.extend(ground.schedule(row, blind.schedule.as_deref()));
    match ground.api(row, &blind.api) {
        Err(problem) => problems.push(problem),
        Ok(action) => {
            let of_types = action
                .resource_types()
                .iter()
                .map(|of| format!("resources of type `{}`", of.name()));
            let keys = [ground.tag("Request"), "ecs:cluster".to_owned()];
            let keys = keys
                .into_iter()
                .filter(|key| ground.reference.carries(&blind.api, None, key) != Carries::No);
            let ties: Vec<String> =
                of_types.chain(keys.map(|key| format!("the key `{key}`"))).collect();
            if let Some(escalation) = Escalation::of(&blind.api) {
                problems.push(ground.escalation(row, &blind.api, escalation));
            } else if !ties.is_empty() {
                let message = format!("`{}` is not tag-blind", blind.api);
                let label = format!("it has {}", ties.join(", "));
                let problem =
                    ground.problem("fortem::lowering::not_blind", message, row.at("api"), label);
                problems.push(problem.help("write a `[[call]]` that goes by it"));
            }
        }
    }
    if problems.is_empty() { Ok(vec![blind.clone()]) } else { Err(problems) }
}

export { LOUD_ATTACKER, QUIET_ATTACKER, runCampaign, type CampaignOptions } from "./campaign.ts";
export { findPayloadFile } from "./payload-file.ts";
export {
  formatReport,
  type BlockReport,
  type CampaignEvent,
  type CampaignReport,
  type OrdinaryReport,
  type StageReport,
  type UnexpectedAnswer,
} from "./report.ts";
export { parseTarget, TargetError, type Target } from "./target.ts";

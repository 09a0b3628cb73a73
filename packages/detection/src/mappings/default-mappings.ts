import type { FieldMapping } from "../mapping.ts";
import { auditdMapping } from "./auditd.ts";
import {
  cloudtrailMapping,
  gcpAuditMapping,
  githubAuditMapping,
  googleWorkspaceMapping,
  kubernetesAuditMapping,
  oktaMapping,
} from "./cloud.ts";
import { ecsMapping } from "./ecs.ts";
import { jsonMapping } from "./json.ts";
import { azureMapping, m365Mapping } from "./microsoft.ts";
import {
  bitbucketMapping,
  duoMapping,
  fortigateMapping,
  oneloginMapping,
  opencanaryMapping,
  w3cMapping,
  zeekMapping,
} from "./network.ts";
import { otelMapping } from "./otel.ts";
import { windowsEvtxMapping, windowsFlatMapping, windowsOtelMapping, windowsXmlMapping } from "./windows-shapes.ts";
import { winlogbeatMapping } from "./winlogbeat.ts";

/**
 * Every mapping that is shipped, in the order they are asked whether they accept a document: of those that could read one, the most
 * particular comes first.
 */
export const DEFAULT_MAPPINGS: readonly FieldMapping[] = [
  windowsFlatMapping,
  winlogbeatMapping,
  windowsEvtxMapping,
  windowsOtelMapping,
  otelMapping,
  windowsXmlMapping,
  auditdMapping,
  cloudtrailMapping,
  kubernetesAuditMapping,
  gcpAuditMapping,
  googleWorkspaceMapping,
  azureMapping,
  m365Mapping,
  oktaMapping,
  githubAuditMapping,
  bitbucketMapping,
  oneloginMapping,
  duoMapping,
  zeekMapping,
  fortigateMapping,
  opencanaryMapping,
  w3cMapping,
  ecsMapping,
  jsonMapping,
];

// The old SDK, set up before ours.
import { NodeSDK } from "@opentelemetry/sdk-node";

new NodeSDK().start();

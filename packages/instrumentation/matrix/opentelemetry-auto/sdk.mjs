// What @opentelemetry/auto-instrumentations-node/register does, reached from outside of this folder.
import "@opentelemetry/auto-instrumentations-node/register";

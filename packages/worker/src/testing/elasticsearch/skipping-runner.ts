import { inject, TestRunner, type RunnerTestFile, type RunnerTask } from "vitest";

/** Runs tests as usual where there is a node, and skips them all, with their hooks, where there is none. */
export default class SkippingRunner extends TestRunner {
  onCollected(files: RunnerTestFile[]): void {
    if ("missing" in inject("elasticsearch")) for (const file of files) skip(file);
  }
}

function skip(task: RunnerTask): void {
  task.mode = "skip";
  if ("tasks" in task) task.tasks.forEach(skip);
}

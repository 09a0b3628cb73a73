import type { Catalogue } from "./catalogue.ts";
import type { OrderBook } from "./orders.ts";

/** Name under which the assistant reports what it does. */
export const ASSISTANT_NAME = "shop-assistant";

/** The tools that the assistant declared when it was set up. Whatever else it asks for is refused. */
export const ASSISTANT_TOOLS = ["search_products", "order_status"] as const;

/** A tool that the assistant decided to call. */
export interface ToolCall {
  readonly tool: string;
  readonly argument: string;
}

/** What the assistant answers, and every tool that it asked for on the way. */
export interface AssistantAnswer {
  readonly answer: string;
  readonly calls: readonly (ToolCall & { readonly inScope: boolean })[];
}

/**
 * Answers a customer. The planner is a small stand-in for a language model and as gullible as one: a message that says `call TOOL(ARGUMENT)` makes it ask
 * for that tool. That is why every call is checked against the declared tools, outside the planner.
 */
export function answerCustomer(
  message: string,
  customerId: number | undefined,
  tools: { readonly catalogue: Catalogue; readonly orders: OrderBook },
): AssistantAnswer {
  const call = plan(message);
  const inScope = ASSISTANT_TOOLS.some((tool) => tool === call.tool);
  return {
    calls: [{ ...call, inScope }],
    answer: inScope
      ? carryOut(call, customerId, tools)
      : "I cannot do that. Ask me about products or about your orders.",
  };
}

function plan(message: string): ToolCall {
  const told = /\bcall\s+([a-z_]{3,40})\s*\(([^)]{0,200})\)/i.exec(message);
  if (told !== null) return { tool: (told[1] ?? "").toLowerCase(), argument: told[2] ?? "" };
  const order = /\border\s+#?(\d{1,9})\b/i.exec(message);
  if (order !== null) return { tool: "order_status", argument: order[1] ?? "" };
  const words = message
    .replaceAll(/\b(do you|have|any|sell|looking for|i am|a|an|the|please|find|me|is|there)\b/gi, " ")
    .replaceAll(/[?!.]/g, " ");
  return { tool: "search_products", argument: words.trim() };
}

function carryOut(
  call: ToolCall,
  customerId: number | undefined,
  { catalogue, orders }: { catalogue: Catalogue; orders: OrderBook },
): string {
  if (call.tool === "order_status") {
    const order = orders.find(Number(call.argument));
    if (order === undefined || order.accountId !== customerId) return "I find no such order of yours.";
    return `Order ${order.id} was placed and is being packed.`;
  }
  const found = catalogue.search(call.argument, "name").slice(0, 3);
  if (found.length === 0) return "I am sorry, we have nothing like that.";
  return `How about ${found.map((product) => product.name).join(", or ")}?`;
}

import type { Product } from "./catalogue.ts";
import type { Session } from "./sessions.ts";
import type { Shop } from "./shop.ts";
import { textField } from "./text-field.ts";

/** What became of a wish to put something into the cart. */
export type CartChange =
  | { readonly outcome: "changed"; readonly quantity: number }
  /** No page of the shop sends this: somebody built the request by hand. */
  | { readonly outcome: "rule_broken"; readonly rule: string; readonly status: 422; readonly message: string }
  /** A mistake that people make. */
  | {
      readonly outcome: "refused";
      readonly rule: string;
      readonly field: string;
      readonly status: 400 | 404;
      readonly message: string;
    };

const MAX_QUANTITY = 20;

/** Puts a quantity of a product into a cart, by the fields `productId` and `quantity` of a request's body. */
export function changeCart(shop: Shop, session: Session, body: unknown): CartChange {
  const product = shop.catalogue.find(Number(textField(body, "productId") ?? Number.NaN));
  if (product === undefined)
    return {
      outcome: "refused",
      rule: "product_id",
      field: "productId",
      status: 404,
      message: "There is no such product.",
    };
  const text = textField(body, "quantity") ?? "1";
  if (!/^-?\d{1,9}$/.test(text)) {
    return {
      outcome: "refused",
      rule: "whole_number",
      field: "quantity",
      status: 400,
      message: "A quantity is a whole number.",
    };
  }
  const quantity = Number(text);
  if (quantity < 1)
    return { outcome: "rule_broken", rule: "negative_quantity", status: 422, message: "One piece is the least." };
  const price = textField(body, "price");
  if (price !== undefined && price !== String(product.price)) {
    return {
      outcome: "rule_broken",
      rule: "price_mismatch",
      status: 422,
      message: "The price has changed. Look at the product again.",
    };
  }
  const together = (session.cart.get(product.id) ?? 0) + quantity;
  if (together > MAX_QUANTITY) {
    return {
      outcome: "refused",
      rule: "quantity_limit",
      field: "quantity",
      status: 400,
      message: `At most ${MAX_QUANTITY} pieces of one product.`,
    };
  }
  session.cart.set(product.id, together);
  return { outcome: "changed", quantity: together };
}

/** The products in a cart. */
export function cartLines(
  shop: Shop,
  session: Session | undefined,
): readonly { readonly product: Product; readonly quantity: number }[] {
  const lines: { product: Product; quantity: number }[] = [];
  for (const [id, quantity] of session?.cart ?? []) {
    const product = shop.catalogue.find(id);
    if (product !== undefined) lines.push({ product, quantity });
  }
  return lines;
}

/** What a cart costs, in cents. */
export function cartTotal(lines: readonly { readonly product: Product; readonly quantity: number }[]): number {
  return lines.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);
}

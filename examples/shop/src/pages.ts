import type { Account } from "./accounts.ts";
import type { Product } from "./catalogue.ts";
import { html, type Html } from "./html.ts";
import type { Order } from "./orders.ts";
import type { Review } from "./reviews.ts";

/** The shop's one style sheet. */
export const STYLE_SHEET = `
:root { color-scheme: light dark; --ink: light-dark(#20242c, #e8eaf0); --paper: light-dark(#fbfaf7, #16181d); --line: light-dark(#d9d4c7, #343943); --accent: light-dark(#8a3b12, #f0a36b); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; border-bottom: 1px solid var(--line); }
header a.name { font-weight: 700; font-size: 1.2rem; margin-right: auto; text-decoration: none; }
a { color: var(--accent); }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .5rem 0; }
label { display: grid; gap: .2rem; }
input, select, button, textarea { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .7rem; }
button { border-color: var(--accent); color: var(--accent); cursor: pointer; }
ul.products { list-style: none; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
ul.products li { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
.price { font-variant-numeric: tabular-nums; }
.note { border-left: 3px solid var(--accent); padding: .3rem .8rem; }
footer { color: color-mix(in srgb, var(--ink) 60%, transparent); font-size: .85rem; }
`;

/** Writes cents as an amount. */
export function amount(cents: number): string {
  return `£${(cents / 100).toFixed(2)}`;
}

/** A whole page around its content. */
export function page(title: string, account: Account | undefined, content: Html): string {
  const visitor =
    account === undefined
      ? html`<a href="/login">Log in</a>`
      : html`<a href="/account">${account.name}</a>
          <form method="post" action="/logout"><button>Log out</button></form>`;
  const admin = account?.role === "admin" ? html`<a href="/admin">Admin</a>` : html``;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · The Corner Shop</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <a class="name" href="/">The Corner Shop</a><a href="/products">Products</a
          ><a href="/cart">Cart</a>${admin}${visitor}
        </header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
        <footer>An example application. Nothing here is for sale.</footer>
      </body>
    </html>`.text;
}

/** One sentence that stands out. */
export function note(text: string): Html {
  return html`<p class="note">${text}</p>`;
}

/** The search form and the products it found. */
export function productList(words: string, products: readonly Product[]): Html {
  const items = products.map(
    (product) =>
      html`<li>
        <a href="/products/${product.id}">${product.name}</a>
        <p>${product.description}</p>
        <span class="price">${amount(product.price)}</span>
      </li>`,
  );
  return html`<form action="/products">
      <label>Search <input name="q" value="${words}" maxlength="200" /></label>
      <label
        >Order
        <select name="sort">
          <option value="name">by name</option>
          <option value="price">cheapest first</option>
          <option value="-price">dearest first</option>
        </select></label
      ><button>Search</button>
    </form>
    ${
      items.length === 0
        ? note("Nothing found. Try fewer words.")
        : html`<ul class="products">
            ${items}
          </ul>`
    }`;
}

/** One product, its reviews and what can be done with it. */
export function productPage(product: Product, reviews: readonly Review[]): Html {
  return html`<p>${product.description}</p>
    <p class="price">${amount(product.price)}</p>
    <form method="post" action="/cart/items">
      <input type="hidden" name="productId" value="${product.id}" /><label
        >Quantity <input name="quantity" type="number" min="1" max="20" value="1" /></label
      ><button>Add to cart</button>
    </form>
    <h2>Reviews</h2>
    ${reviews.length === 0 ? note("No review yet.") : html`${reviews.map((review) => html`<blockquote>${review.text}<br /><small>${review.author}</small></blockquote>`)}`}
    <form method="post" action="/products/${product.id}/reviews">
      <label>Your review <textarea name="text" maxlength="500"></textarea></label><button>Send</button>
    </form>`;
}

/** A form for a name and a password. */
export function credentialsForm(action: string, button: string): Html {
  return html`<form method="post" action="${action}">
    <label>Name <input name="name" autocomplete="username" required /></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required /></label
    ><button>${button}</button>
  </form>`;
}

/** What lies in the cart. */
export function cartPage(lines: readonly { product: Product; quantity: number }[], total: number): Html {
  if (lines.length === 0) return note("The cart is empty.");
  const rows = lines.map(
    ({ product, quantity }) =>
      html`<tr>
        <td>${product.name}</td>
        <td>${quantity}</td>
        <td class="price">${amount(product.price * quantity)}</td>
      </tr>`,
  );
  return html`<table>
      <tr>
        <th>Product</th>
        <th>Quantity</th>
        <th>Price</th>
      </tr>
      ${rows}
      <tr>
        <th>Total</th>
        <td></td>
        <td class="price">${amount(total)}</td>
      </tr>
    </table>
    <form method="post" action="/checkout">
      <label>Coupon <input name="coupon" maxlength="20" /></label
      ><input type="hidden" name="total" value="${total}" /><button>Buy</button>
    </form>`;
}

/** A customer's orders. */
export function orderList(orders: readonly Order[]): Html {
  if (orders.length === 0) return note("No orders yet.");
  return html`<table>
    <tr>
      <th>Order</th>
      <th>Pieces</th>
      <th>Total</th>
    </tr>
    ${orders.map(
      (order) =>
        html`<tr>
          <td><a href="/orders/${order.id}">${order.id}</a></td>
          <td>${order.lines.reduce((sum, line) => sum + line.quantity, 0)}</td>
          <td class="price">${amount(order.total)}</td>
        </tr>`,
    )}
  </table>`;
}

/** What an administrator sees. */
export function adminPage(accounts: readonly Account[], orders: number): Html {
  const rows = accounts.map(
    (account) =>
      html`<tr>
        <td>${account.name}</td>
        <td>${account.role}</td>
      </tr>`,
  );
  return html`<p>${orders} orders. <a href="/admin/orders.csv">Export</a></p>
    <table>
      <tr>
        <th>Account</th>
        <th>Role</th>
      </tr>
      ${rows}
    </table>`;
}

export { buildApp } from "./app.ts";
export { openShop, type Shop, type ShopOptions } from "./shop.ts";

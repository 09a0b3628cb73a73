declare module "systemjs/dist/system.js";
declare module "systemjs/dist/extras/amd.js";
declare module "*.svg" {
  /** The file's text. */
  const text: string;
  export default text;
}

interface ImportMeta {
  /** The bundler's own: every module of a folder whose name matches. */
  webpackContext(folder: string, options: { readonly regExp: RegExp }): { (name: string): string; keys(): string[] };
}

// Names that build.mjs points at files of Grafana's own packages.
declare module "grafana-internal/PluginPage" {
  import type { PluginPageType } from "@grafana/runtime";
  /** Sets what `PluginPage` of `@grafana/runtime` renders. */
  export function setPluginPage(component: PluginPageType): void;
}
declare module "react-router-dom-v5-compat" {
  export * from "react-router-dom";
  import type { ComponentType, ReactNode } from "react";
  /** Lets version 6 of the router live below a version 5 `Router`. */
  export const CompatRouter: ComponentType<{ children: ReactNode }>;
}
declare module "react-router-dom-v5" {
  import type { LocationService } from "@grafana/runtime";
  import type { ComponentType, ReactNode } from "react";
  /** Version 5's router over a given history. */
  export const Router: ComponentType<{ history: ReturnType<LocationService["getHistory"]>; children: ReactNode }>;
}

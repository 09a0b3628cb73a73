import { cacheStore } from "react-inlinesvg";
import spinner from "./icons/spinner.svg";

interface Folder {
  (name: string): string;
  keys(): string[];
}

/**
 * Puts all of Grafana's icons where its `Icon` looks first, as Grafana does, so that a page does not ask for each by itself. The
 * published package lacks some of them; those that its components use are drawn here.
 */
export function preloadIcons(): void {
  const folder: Folder = import.meta.webpackContext("grafana-icons", { regExp: /\.svg$/ });
  const put = (name: string, content: string) =>
    cacheStore.set(`/public/build/img/icons/unicons/${name}`, { content, status: "loaded" });
  for (const path of folder.keys()) put(path.replace("./", ""), folder(path));
  put("spinner.svg", spinner);
}

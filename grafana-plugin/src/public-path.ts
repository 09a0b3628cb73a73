// @ts-expect-error "amd-module" is the AMD loader's own "module", which no package declares.
import amd from "amd-module";

declare let __webpack_public_path__: string;

// Chunks lie beside module.js, wherever Grafana (or a content delivery network) serves it from.
__webpack_public_path__ = amd?.uri
  ? amd.uri.slice(0, amd.uri.lastIndexOf("/") + 1)
  : "public/plugins/vedette-security-app/";

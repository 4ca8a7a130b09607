/** Session logs as documents that replay them, and the replay of the document that one works in. */

import {
  type Circumstances,
  decoded,
  logIcon as drawing,
  NoLog,
  type Reading,
  type ReplayOptions,
  ReplayView,
  readLog,
} from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, MainAreaWidget } from "@jupyterlab/apputils";
import { PathExt, URLExt } from "@jupyterlab/coreutils";
import {
  ABCWidgetFactory,
  DocumentModel,
  type DocumentRegistry,
  DocumentWidget,
} from "@jupyterlab/docregistry";
import type { Contents } from "@jupyterlab/services";
import { ServerConnection } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { Trackers } from "./current";
import { greet } from "./documents";

const TYPE = "simlog";
const FACTORY = "Replay";
/** The command that replays the document one works in. */
export const REPLAY = "jupyter-sim:replay";

/** A session log. */
export const logIcon = new LabIcon({ name: "jupyter-sim:log", svgstr: drawing });

/** A replay as a widget. */
class Replay extends Widget {
  private readonly view: ReplayView;

  constructor(trans: TranslationBundle, read: ReplayOptions["read"], grows: boolean) {
    super();
    this.addClass("jp-sim-replay-host");
    this.view = new ReplayView({ words: trans, read, grows });
    this.node.append(this.view.dom);
  }

  /** Read the log, and show it. */
  load(): void {
    void this.view.load();
  }

  override dispose(): void {
    this.view.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.view.focus();
  }
}

/** The bytes of a log, as base64, outside of any shared model: it is not to be edited. */
class LogModel extends DocumentModel {
  private log = "";

  override toString(): string {
    return this.log;
  }

  override fromString(value: string): void {
    this.log = value;
    this.triggerContentChange();
  }
}

class LogModels implements DocumentRegistry.IModelFactory<LogModel> {
  readonly name = TYPE;
  readonly contentType: Contents.ContentType = "file";
  readonly fileFormat: Contents.FileFormat = "base64";
  readonly collaborative = false;
  isDisposed = false;

  createNew(options?: ConstructorParameters<typeof DocumentModel>[0]): LogModel {
    return new LogModel({ ...options, collaborationEnabled: false });
  }

  preferredLanguage(): string {
    return "";
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

class LogDocuments extends ABCWidgetFactory<DocumentWidget<Replay>> {
  constructor(private readonly trans: TranslationBundle) {
    super({
      name: FACTORY,
      label: trans.__("Replay"),
      fileTypes: [TYPE],
      defaultFor: [TYPE],
      modelName: TYPE,
      readOnly: true,
    });
  }

  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<Replay> {
    const content = new Replay(this.trans, (around) => read(context, around), false);
    const load = () => content.load();
    void context.ready.then(() => {
      load();
      context.model.contentChanged.connect(load);
    });
    const widget = new DocumentWidget({ content, context });
    widget.title.icon = logIcon;
    return widget;
  }
}

async function read(context: DocumentRegistry.Context, around: Circumstances): Promise<Reading> {
  const half = (begin: number) => (share: number) => around.progress(begin + share / 2);
  const base64 = context.model.toString();
  const bytes = await decoded(base64, { ...around, progress: half(0) });
  return await readLog(bytes, { ...around, progress: half(0.5) });
}

/** Let session logs open as replays, and add the command that replays the document one works in. */
export function addReplay(
  app: JupyterFrontEnd,
  trackers: Trackers,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  app.docRegistry.addFileType({
    name: TYPE,
    displayName: trans.__("Session Log"),
    extensions: [".simlog"],
    mimeTypes: ["application/x-ndjson"],
    contentType: "file",
    fileFormat: "base64",
    icon: logIcon,
  });
  app.docRegistry.addModelFactory(new LogModels());
  app.docRegistry.addWidgetFactory(new LogDocuments(trans) as DocumentRegistry.WidgetFactory);
  app.commands.addCommand(REPLAY, {
    label: trans.__("Replay This Document"),
    caption: trans.__("Play the recorded history of the current document, step by step"),
    icon: logIcon,
    isEnabled: () => working(app, trackers) !== null,
    execute: () => {
      const context = working(app, trackers);
      if (context) open(app, context, trans);
    },
    describedBy: { args: { type: "object", properties: {} } },
  });
  palette?.addItem({ command: REPLAY, category: trans.__("Simulator") });
}

/** The document that one works in. */
function working(
  { shell }: JupyterFrontEnd,
  { notebooks, editors }: Trackers,
): DocumentRegistry.Context | null {
  const main = shell.currentWidget;
  const known = [notebooks?.currentWidget, editors?.currentWidget];
  return known.find((widget) => widget && widget === main)?.context ?? null;
}

function open(
  app: JupyterFrontEnd,
  context: DocumentRegistry.Context,
  trans: TranslationBundle,
): void {
  const id = `jupyter-sim-replay-${context.path}`;
  const shown = [...app.shell.widgets("main")].find((widget) => widget.id === id);
  if (shown instanceof MainAreaWidget && shown.content instanceof Replay) shown.content.load();
  else app.shell.add(replayOf(app, context, id, trans), "main", { mode: "split-right" });
  app.shell.activateById(id);
}

function replayOf(
  app: JupyterFrontEnd,
  context: DocumentRegistry.Context,
  id: string,
  trans: TranslationBundle,
): Widget {
  const { serverSettings } = app.serviceManager;
  const content = new Replay(trans, (around) => fetchLog(context, serverSettings, around), true);
  const widget = new MainAreaWidget({ content });
  widget.id = id;
  widget.title.label = trans.__("Replay: %1", PathExt.basename(context.path));
  widget.title.icon = logIcon;
  widget.title.closable = true;
  content.load();
  return widget;
}

/** The history of a document as the server has it. */
async function fetchLog(
  context: DocumentRegistry.Context,
  settings: ServerConnection.ISettings,
  around: Circumstances,
): Promise<Reading> {
  const { words, signal } = around;
  const { kind, path, document } = greet(context);
  const query = URLExt.objectToQueryString(kind === "notebook" ? { document } : { path });
  const url = URLExt.join(settings.baseUrl, "jupyter-sim", "log") + query;
  const response = await asked(url, signal, settings, words);
  if (response.status === 404) {
    throw new NoLog(
      words.__("Nothing was recorded of this document yet. Propose continuations in it first."),
    );
  }
  if (!response.ok) throw new NoLog(words.__("The server refused: %1", response.statusText));
  return await readLog(new Uint8Array(await response.arrayBuffer()), around);
}

async function asked(
  url: string,
  signal: AbortSignal,
  settings: ServerConnection.ISettings,
  words: Circumstances["words"],
): Promise<Response> {
  try {
    return await ServerConnection.makeRequest(url, { signal, cache: "no-store" }, settings);
  } catch (error) {
    if (!(error instanceof ServerConnection.NetworkError)) throw error;
    throw new NoLog(words.__("The Jupyter server does not answer; try again when it does."));
  }
}

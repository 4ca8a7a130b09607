/** Session logs as documents that replay them, and the replay of the document that one works in. */

import {
  type Circumstances,
  logIcon as drawing,
  NoLog,
  type Reading,
  type ReplayOptions,
  ReplayView,
  readLog,
} from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, MainAreaWidget, Notification } from "@jupyterlab/apputils";
import { PathExt, URLExt } from "@jupyterlab/coreutils";
import {
  ABCWidgetFactory,
  DocumentModel,
  type DocumentRegistry,
  DocumentWidget,
} from "@jupyterlab/docregistry";
import { type Contents, ServerConnection, type ServiceManager } from "@jupyterlab/services";
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

/** A log is not to be edited, so the model of its document holds nothing: its bytes are read past it. */
class LogModel extends DocumentModel {
  /** JupyterLab asks for what it is to save. Nothing may take the place of the log, on no drive. */
  override toString(): string {
    throw new Error("A session log cannot be saved.");
  }
}

class LogModels implements DocumentRegistry.IModelFactory<LogModel> {
  readonly name = TYPE;
  readonly contentType: Contents.ContentType = "file";
  readonly fileFormat = null;
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
  constructor(
    private readonly manager: ServiceManager.IManager,
    private readonly trans: TranslationBundle,
  ) {
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
    const read = (around: Circumstances) => this.read(context.path, around);
    const content = new Replay(this.trans, read, false);
    const load = () => content.load();
    load();
    void context.ready.then(() => context.fileChanged.connect(load));
    context.saveState.connect((_, state) => state === "started" && this.refuse());
    const widget = new DocumentWidget({ content, context });
    widget.title.icon = logIcon;
    widget.toolbar.hide();
    return widget;
  }

  private refuse(): void {
    const sentence = this.trans.__(
      "A session log is a record, and is not saved; nothing changed it.",
    );
    Notification.info(sentence, { autoClose: 8000 });
  }

  /** The file itself, and not what the contents of documents come in: that is larger and slower. */
  private async read(path: string, around: Circumstances): Promise<Reading> {
    const { contents, serverSettings } = this.manager;
    const response = await asked(await contents.getDownloadUrl(path), serverSettings, around);
    const { words } = around;
    if (response.ok) return await streamed(response, around);
    throw new NoLog(words.__("The log cannot be read: %1", response.statusText));
  }
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
  app.docRegistry.addWidgetFactory(
    new LogDocuments(app.serviceManager, trans) as DocumentRegistry.WidgetFactory,
  );
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
  const areas = ["main", "right"].flatMap((area) => [...app.shell.widgets(area)]);
  const shown = areas.find((widget) => widget.id === id);
  if (shown instanceof MainAreaWidget && shown.content instanceof Replay) shown.content.load();
  else {
    const replay = replayOf(app, context, id, trans);
    app.shell.add(replay, "main", { mode: "split-right" });
    // Notebook 7 has room for one document
    if (!replay.parent) app.shell.add(replay, "right", { rank: 960 });
  }
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
  const { words } = around;
  const { kind, path, document } = greet(context);
  const query = URLExt.objectToQueryString(kind === "notebook" ? { document } : { path });
  const url = URLExt.join(settings.baseUrl, "jupyter-sim", "log") + query;
  const response = await asked(url, settings, around);
  if (response.status === 404) {
    throw new NoLog(
      words.__("Nothing was recorded of this document yet. Propose continuations in it first."),
    );
  }
  if (!response.ok) throw new NoLog(words.__("The server refused: %1", response.statusText));
  return await streamed(response, around);
}

async function asked(
  url: string,
  settings: ServerConnection.ISettings,
  { signal, words }: Circumstances,
): Promise<Response> {
  const ours = url.startsWith(settings.baseUrl);
  const init: RequestInit = { signal, cache: "no-store" };
  try {
    return await (ours ? ServerConnection.makeRequest(url, init, settings) : fetch(url, init));
  } catch (error) {
    if (!(error instanceof ServerConnection.NetworkError)) throw error;
    throw new NoLog(words.__("The Jupyter server does not answer; try again when it does."));
  }
}

/** Read a log while it comes. */
async function streamed(response: Response, around: Circumstances): Promise<Reading> {
  const packed = response.headers.has("Content-Encoding");
  const length = Number(response.headers.get("Content-Length") ?? 0);
  const size = packed || length === 0 ? null : length;
  return await readLog(parts(response, around), { ...around, size });
}

async function* parts({ body }: Response, { words }: Circumstances): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new NoLog(words.__("The connection broke while the log was read; open it again."));
  } finally {
    void reader.cancel();
  }
}

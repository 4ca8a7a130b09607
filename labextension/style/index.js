import "./base.css";
import "../../js/src/treeview/tree.css";
import "./branches.css";
import "../../js/src/replay/replay.css";
import "./context.css";

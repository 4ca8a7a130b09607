import "./base.css";
import "../../js/src/treeview/tree.css";
import "./branches.css";
import "./context.css";

import { sayAbove } from "@sale_amazon_spapi/standstill";
import { GraphController } from "@web/views/graph/graph_controller";
import { PivotController } from "@web/views/pivot/pivot_controller";

sayAbove(GraphController);
sayAbove(PivotController);

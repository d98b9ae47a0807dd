import { patch } from "@web/core/utils/patch";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";

patch(KanbanRenderer.prototype, {
    /** A telephone shows one column at a time: not first the orders that Amazon ships, which have no phase. */
    getGroupsOrRecords() {
        const shown = super.getGroupsOrRecords();
        if (!this.env.isSmall || this.props.list.groupByField?.name !== "amazon_phase_id") {
            return shown;
        }
        return [...shown.filter(({ group }) => group.value), ...shown.filter(({ group }) => !group.value)];
    },
});

import { EventBus, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { FormController } from "@web/views/form/form_controller";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { ListController } from "@web/views/list/list_controller";

// As the server names it (res_company.py), which says it at most once a second: what is read later than that has
// everything.
const CHANGED = "sale_amazon_spapi.changed";
const PAUSE = 1500;
// Views with this class follow.
const CLASS = "o_amazon_follows";
// What a person is in the middle of.
const BUSY = ".o_dialog, .o_popover, .o-dropdown--menu, .o_dragged, .o_selected_row";

registry.category("services").add("amazon_changes", {
    dependencies: ["bus_service"],
    start(env, { bus_service: busService }) {
        const changes = new EventBus();
        let timer;
        const collect = () => {
            timer ??= setTimeout(() => {
                timer = undefined;
                changes.trigger(CHANGED);
            }, PAUSE);
        };
        busService.subscribe(CHANGED, collect);
        // What was said while nobody listened.
        busService.addEventListener("BUS:RECONNECT", collect);
        busService.start();
        return { bus: changes, collect };
    },
});

/**
 * Calls `reload` when something of Amazon's has changed, as soon as nobody is in the middle of something.
 *
 * @param {() => Promise<boolean>} isFree whether the component can be loaded again without taking anything away
 * @param {() => Promise<void>} reload
 */
export function useAmazonChanges(isFree, reload) {
    const changes = useService("amazon_changes");
    let timer;
    const follow = async () => {
        clearTimeout(timer);
        const selects = !document.getSelection().isCollapsed;
        if (document.hidden || selects || document.querySelector(BUSY) || !(await isFree())) {
            timer = setTimeout(follow, PAUSE);
        } else {
            await reload();
        }
    };
    useBus(changes.bus, CHANGED, follow);
    onWillUnmount(() => clearTimeout(timer));
}

const follows = (controller) =>
    !controller.env.inDialog && (controller.props.className || "").split(" ").includes(CLASS);

// A patch each: an object can be laid over one class only.
for (const Controller of [ListController, KanbanController]) {
    patch(Controller.prototype, {
        setup() {
            super.setup(...arguments);
            if (follows(this)) {
                useAmazonChanges(
                    () => {
                        const { isReady, root } = this.model;
                        return isReady && !root.editedRecord && !root.selection.length && !root.isDomainSelected;
                    },
                    () => this.model.load()
                );
            }
        },
    });
}

patch(FormController.prototype, {
    setup() {
        super.setup(...arguments);
        if (follows(this)) {
            useAmazonChanges(
                async () => this.model.isReady && !(await this.model.root.isDirty()),
                async () => {
                    const { root } = this.model;
                    // Odoo's own forms show other orders, too.
                    const other = "amazon_order_ref" in root.data && !root.data.amazon_order_ref;
                    if (root.resId && !other) {
                        await this.model.load();
                    }
                }
            );
        }
    },
});

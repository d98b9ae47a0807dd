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
 * @param {(isFree: () => Promise<boolean>) => Promise<boolean>} reload returns false when it was in the way after all
 */
export function useAmazonChanges(isFree, reload) {
    const changes = useService("amazon_changes");
    let timer;
    const nobodyIsBusy = async () => {
        const selects = !document.getSelection().isCollapsed;
        return !document.hidden && !selects && !document.querySelector(BUSY) && (await isFree());
    };
    const follow = async () => {
        clearTimeout(timer);
        if (!(await nobodyIsBusy()) || (await reload(nobodyIsBusy)) === false) {
            timer = setTimeout(follow, PAUSE);
        }
    };
    useBus(changes.bus, CHANGED, follow);
    onWillUnmount(() => clearTimeout(timer));
}

/**
 * Loads again what is shown, as `model.load()` does, but does not take away what a person has begun meanwhile.
 */
async function loadAgain(model, isFree) {
    const { config, root } = model;
    const next = model._getNextConfig(config, {});
    model.hooks.onWillLoadRoot(next);
    const data = await model._loadData(next);
    const isStillShown = model.root === root && model.config === config;
    if (!isStillShown || !(await isFree())) {
        return false;
    }
    model.root = model._createRoot(next, data);
    model.config = next;
    await model.hooks.onRootLoaded(model.root);
    return true;
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
                    (isFree) => loadAgain(this.model, isFree)
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
                async () => {
                    const { isReady, root } = this.model;
                    // A line that was just clicked has nothing changed yet.
                    const isLineOpen = Object.values(root.data).some((value) => value?.editedRecord);
                    return isReady && !isLineOpen && !(await root.isDirty());
                },
                async (isFree) => {
                    const { root } = this.model;
                    // Odoo's own forms show other orders, too.
                    const other = "amazon_order_ref" in root.data && !root.data.amazon_order_ref;
                    // Bulk completion shows how it goes; before, it waits for what a person chooses.
                    const waits = root.resModel === "amazon.completion" && root.data.state !== "running";
                    return !root.resId || other || waits || loadAgain(this.model, isFree);
                }
            );
        }
    },
});

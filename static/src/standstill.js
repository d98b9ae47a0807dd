import { Component, onWillStart, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { ListController } from "@web/views/list/list_controller";
import { useAmazonChanges } from "./auto_refresh";

// Views with one of these classes say above their records what this method of the accounts' returns.
const SAID = {
    // That Amazon's orders do not come in.
    o_amazon_shows_standstill: "get_standstill",
    o_amazon_shows_vendor_standstill: "get_vendor_standstill",
    // That, and what is to be done before the first order.
    o_amazon_shows_orders: "get_orders_state",
    // As of when amounts are compared, and what is not compared.
    o_amazon_shows_finances: "get_finances_state",
    // For whom the kinds of amounts hold.
    o_amazon_shows_types: "get_amount_types_state",
};

/** Says of accounts as of when they are known, or what stands still, why, and who can mend it. */
class AmazonStandstill extends Component {
    static template = "sale_amazon_spapi.Standstill";
    static props = { method: String };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ accounts: [] });
        onWillStart(() => this.load());
        useAmazonChanges(
            () => true,
            () => this.load()
        );
    }

    async load() {
        this.state.accounts = await this.orm.silent.call("amazon.account", this.props.method, []);
    }

    open(account) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "amazon.account",
            res_id: account.id || false,
            views: [[false, "form"]],
        });
    }
}

/** Have a view's controller say it; its template has the place. */
export function sayAbove(Controller) {
    patch(Controller.prototype, {
        get amazonStandstill() {
            return this.amazonSaid && !this.env.inDialog ? AmazonStandstill : undefined;
        },

        get amazonSaid() {
            const classes = (this.props.className || "").split(" ");
            return SAID[classes.find((name) => name in SAID)];
        },
    });
}

sayAbove(ListController);
sayAbove(KanbanController);

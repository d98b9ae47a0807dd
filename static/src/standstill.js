import { Component, onWillStart, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { ListController } from "@web/views/list/list_controller";
import { useAmazonChanges } from "./auto_refresh";

// Lists with this class say above their records when Amazon's orders do not come in.
const CLASS = "o_amazon_shows_standstill";

/** Says which accounts' orders do not come in, why, and who can mend it. */
class AmazonStandstill extends Component {
    static template = "sale_amazon_spapi.Standstill";
    static props = {};

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
        this.state.accounts = await this.orm.silent.call("amazon.account", "get_standstill", []);
    }

    open(account) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "amazon.account",
            res_id: account.id,
            views: [[false, "form"]],
        });
    }
}

for (const Controller of [ListController, KanbanController]) {
    patch(Controller.prototype, {
        get amazonStandstill() {
            const shows = (this.props.className || "").split(" ").includes(CLASS);
            return shows && !this.env.inDialog ? AmazonStandstill : undefined;
        },
    });
}

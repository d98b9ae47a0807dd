import { Component, onWillStart, useState } from "@odoo/owl";
import { patch } from "@web/core/utils/patch";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ActionHelper } from "@web/views/action_helper";

const HYPHENS = /[‐‑‒–—―−ー─━]/g;
const NUMBER = /^([0-9A-Z]{3}-[0-9]{7}-[0-9]{7}|[0-9]{17})$/;

/** Offers to fetch the order that was searched for by its Amazon number and is not here. */
class AmazonFetchByNumber extends Component {
    static template = "sale_amazon_spapi.FetchByNumber";
    static props = { number: String };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ fetching: false });
        onWillStart(async () => {
            this.mayFetch = await user.hasGroup("sale_amazon_spapi.group_amazon_user");
        });
    }

    async fetch() {
        this.state.fetching = true;
        try {
            await this.action.doAction(
                await this.orm.call("amazon.import", "action_fetch_number", [this.props.number], {
                    context: user.context,
                })
            );
        } finally {
            this.state.fetching = false;
        }
    }
}

patch(ActionHelper, {
    components: { ...ActionHelper.components, AmazonFetchByNumber },
});

patch(ActionHelper.prototype, {
    get amazonNumber() {
        const { searchModel } = this.env;
        if (searchModel?.resModel !== "sale.order") {
            return false;
        }
        const typed = searchModel.query.map(({ autocompleteValue }) =>
            String(autocompleteValue?.value ?? "").normalize("NFKC").replace(HYPHENS, "-").trim().toUpperCase()
        );
        return typed.find((text) => NUMBER.test(text)) || false;
    },
});

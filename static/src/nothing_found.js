import { patch } from "@web/core/utils/patch";
import { ActionHelper } from "@web/views/action_helper";

/** An empty list of the addon's says whether there is nothing at all, or nothing that was searched for. */
patch(ActionHelper.prototype, {
    get amazonNothingFound() {
        const { config, searchModel } = this.env;
        const classes = config?.viewArch?.getAttribute("class") || "";
        if (!searchModel || !classes.split(" ").includes("o_amazon_follows")) {
            return false;
        }
        // What the menu itself filters by is what its own text speaks of.
        return searchModel.query.some(({ searchItemId }) => !searchModel.searchItems[searchItemId].isDefault);
    },
});

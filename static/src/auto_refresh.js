import { onMounted, onWillUnmount, Component, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const SECONDS = 3;

/** Loads the record again every few seconds while the field is true. */
class AmazonAutoRefresh extends Component {
    static template = xml`<span/>`;
    static props = { ...standardFieldProps };

    setup() {
        onMounted(() => this.wait());
        onWillUnmount(() => clearTimeout(this.timer));
    }

    wait() {
        this.timer = setTimeout(() => this.refresh(), SECONDS * 1000);
    }

    async refresh() {
        const { record, name } = this.props;
        if (record.data[name] && !(await record.isDirty())) {
            await record.load();
        }
        this.wait();
    }
}

registry.category("fields").add("amazon_auto_refresh", { component: AmazonAutoRefresh });

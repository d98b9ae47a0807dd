import { registry } from "@web/core/registry";
import { ImageUrlField, imageUrlField } from "@web/views/fields/image_url/image_url_field";

/** A picture on another server: loaded when it comes into sight, and without telling that server from which page. */
class AmazonPictureField extends ImageUrlField {
    static template = "sale_amazon_spapi.Picture";
}

registry.category("fields").add("amazon_picture", { ...imageUrlField, component: AmazonPictureField });

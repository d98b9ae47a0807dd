import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const fill = (field, value) => ({
    content: `Enter ${field}`,
    trigger: `.o_field_widget[name='${field}'] input`,
    run: `edit ${value}`,
});

registry.category("web_tour.tours").add("amazon_set_up_account", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open Amazon",
            trigger: ".o_app[data-menu-xmlid='sale_amazon_spapi.menu_amazon']",
            run: "click",
        },
        {
            content: "Open the configuration",
            trigger: "[data-menu-xmlid='sale_amazon_spapi.menu_amazon_configuration']",
            run: "click",
        },
        {
            content: "Open the accounts",
            trigger: ".o-dropdown-item[data-menu-xmlid='sale_amazon_spapi.menu_amazon_accounts']",
            run: "click",
        },
        {
            content: "Add an account",
            trigger: ".o_breadcrumb:contains(Accounts)",
        },
        {
            trigger: ".o_control_panel .o-kanban-button-new",
            run: "click",
        },
        {
            content: "The first step is shown",
            trigger: ".alert:contains(1 of 4)",
        },
        fill("name", "Shop of the tour"),
        fill("merchant_id", "A2TOURMERCHANT"),
        {
            content: "Search a marketplace",
            trigger: ".o_field_widget[name='marketplace_ids'] input",
            run: "edit Japan",
        },
        {
            content: "Choose Japan",
            trigger: ".o-autocomplete--dropdown-item:contains(Japan)",
            run: "click",
        },
        {
            content: "Open the environments",
            trigger: ".o_field_widget[name='environment'] input",
            run: "click",
        },
        {
            content: "Choose the simulator",
            trigger: ".o_select_menu_item:contains(Other server)",
            run: "click",
        },
        {
            content: "The server's address is asked for",
            trigger: ".o_field_widget[name='endpoint_url'] input",
        },
        fill("lwa_client_id", "amzn1.application-oa2-client.tour"),
        fill("lwa_client_secret", "amzn1.oa2-cs.v1.tour"),
        fill("refresh_token", "Atzr|tour"),
        ...stepUtils.saveForm(),
        {
            content: "The third step is shown",
            trigger: ".alert:contains(3 of 4)",
        },
        {
            content: "Test the connection",
            trigger: ".alert button[name='action_test_connection']",
            run: "click",
        },
        {
            content: "Amazon knows us",
            trigger: ".o_notification:contains(Connected)",
        },
        {
            content: "Start the import",
            trigger: ".alert:contains(4 of 4) button[name='action_toggle_import']",
            run: "click",
        },
        {
            content: "Look at the jobs",
            trigger: ".nav-link[name='jobs']",
            run: "click",
        },
        {
            content: "The import is started",
            trigger: ".o_field_widget[name='job_ids'] .o_data_row:contains(Order Import):contains(Started) button:contains(Stop)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_review_and_retry", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open Amazon: the orders by phase",
            trigger: ".o_app[data-menu-xmlid='sale_amazon_spapi.menu_amazon']",
            run: "click",
        },
        {
            content: "Open the order to review",
            trigger: ".o_kanban_group:contains(To Review) .o_kanban_record:has(.fa-gift)",
            run: "click",
        },
        {
            content: "The gift message is in sight",
            trigger: ".alert:contains(Gift message)",
        },
        {
            content: "Say that it was looked at",
            trigger: ".alert button[name='action_amazon_reviewed']",
            run: "click",
        },
        {
            content: "The order has moved on",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Ready to Pick)",
        },
        {
            content: "Open what needs attention",
            trigger: "[data-menu-xmlid='sale_amazon_spapi.menu_amazon_attention']",
            run: "click",
        },
        {
            content: "Open the order that could not be made",
            trigger: ".o_data_row .o_data_cell[name='error']:contains(no product)",
            run: "click",
        },
        {
            content: "Try again",
            trigger: "button[name='action_retry']",
            run: "click",
        },
        {
            content: "It is read again, and what is in the way still is",
            trigger: ".o_notification:contains(1 still cannot be built)",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Needs Attention)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_fetch_by_number", {
    steps: () => [
        {
            content: "Search for an order that is not here",
            trigger: ".o_searchview_input",
            run: "edit 250－9999999－0000001",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            content: "Amazon does not know it",
            trigger: ".o_amazon_fetch_number",
            run: "click",
        },
        {
            trigger: ".modal:contains(knows no such order) .modal-footer button",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_searchview_facet:contains(0000001) .o_facet_remove",
            run: "click",
        },
        {
            content: "Search for one that Amazon has",
            trigger: ".o_searchview:not(:has(.o_searchview_facet:contains(0000001))) .o_searchview_input",
            run: "edit 250-9999999-0000002",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            trigger: ".o_amazon_fetch_number",
            run: "click",
        },
        {
            content: "It is here",
            trigger: ".o_form_view:contains(250-9999999-0000002)",
        },
    ],
});

const menu = (name) => ({
    content: `Open ${name}`,
    trigger: `[data-menu-xmlid='sale_amazon_spapi.menu_amazon_${name}']`,
    run: "click",
});

const openAmazon = [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open Amazon",
        trigger: ".o_app[data-menu-xmlid='sale_amazon_spapi.menu_amazon']",
        run: "click",
    },
];

registry.category("web_tour.tours").add("amazon_ship", {
    steps: () => [
        ...openAmazon,
        menu("deliveries"),
        {
            content: "Open the delivery",
            trigger: ".o_data_row .o_data_cell[name='amazon_order_ref']",
            run: "click",
        },
        {
            content: "Look at how it goes",
            trigger: ".nav-link[name='extra']",
            run: "click",
        },
        fill("carrier_tracking_ref", "１２３４ ５６７８"),
        {
            content: "Validate",
            trigger: ".o_form_statusbar button[name='button_validate']:visible",
            run: "click",
        },
        {
            content: "It has left; the number is written as Amazon takes it",
            trigger: ".o_arrow_button_current:contains(Done)",
        },
        {
            content: "Amazon is to be told",
            trigger: ".o_field_widget[name='amazon_api_status']:contains(Not Sent)",
        },
    ],
});

// The packer's morning: the file for the carrier's program, and the numbers that come back, of which one is of nobody's delivery.
const LISTED = ".o_action_manager > .o_list_view";

registry.category("web_tour.tours").add("amazon_pack", {
    steps: () => [
        ...openAmazon,
        menu("deliveries"),
        {
            content: "Two deliveries are ready; export everything that is",
            trigger: `${LISTED}:has(.o_data_row:eq(1)) button:contains(Export to Carrier)`,
            run: "click",
        },
        {
            content: "Both have a label",
            trigger: ".modal .o_field_widget[name='count']:contains(2)",
        },
        {
            content: "Have the file",
            trigger: ".modal button[name='action_download']",
            run: (helpers) => {
                // The browser would keep the file where nobody looks at it.
                browser.open = (url) => {
                    document.body.setAttribute("data-exported", url);
                    return {};
                };
                return helpers.click();
            },
        },
        {
            content: "It is handed over",
            trigger: "body[data-exported*='/web/content/amazon.carrier.export/']",
        },
        {
            content: "The dialog says what comes next",
            trigger: ".modal .alert-success:contains(on your computer)",
        },
        {
            trigger: ".modal-footer button:contains(Close)",
            run: "click",
        },
        {
            content: "The labels are printed; enter their numbers",
            trigger: `body:not(:has(.modal)) ${LISTED} button:contains(Enter Tracking Numbers)`,
            run: "click",
        },
        {
            content: "Paste one for each delivery, and one too many",
            trigger: ".modal .o_field_widget[name='pasted'] textarea",
            run: (helpers) => {
                const names = [...document.querySelectorAll(`${LISTED} .o_data_row .o_data_cell[name='name']`)];
                const lines = names.map((cell, place) => `${cell.innerText.trim()}\t1234-5678-901${place}`);
                return helpers.edit([...lines, "WH/OUT/99999\t1234-5678-9019"].join("\n"));
            },
        },
        {
            trigger: ".modal button[name='action_check']",
            run: "click",
        },
        {
            content: "What is wrong stands first and is not ticked",
            trigger: ".modal .o_data_row:eq(0):contains(WH/OUT/99999):has(input[type='checkbox']:not(:checked))",
        },
        {
            content: "Enter the others",
            trigger: ".modal:contains(1 of these cannot be entered) button[name='action_enter']",
            run: "click",
        },
        {
            content: "These deliveries are on screen, with their numbers",
            trigger: `body:not(:has(.modal)) ${LISTED}:has(.o_data_row:contains(1234-5678-9010)):has(.o_data_row:contains(1234-5678-9011))`,
        },
    ],
});

registry.category("web_tour.tours").add("amazon_complete", {
    steps: () => [
        ...openAmazon,
        menu("told"),
        menu("confirmations"),
        {
            content: "Amazon knows of the first delivery",
            trigger: ".o_data_row:contains(12345678) .o_field_widget[name='state']:contains(Done)",
        },
        menu("completion"),
        {
            content: "Search what has left and is not confirmed",
            trigger: "button[name='action_search']",
            run: "click",
        },
        {
            content: "Its number is missing, so it is not ticked; enter it",
            trigger: ".o_data_row:has(.o_data_cell[name='is_selected'] input:not(:checked)) .o_data_cell[name='tracking_number']",
            run: "click",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name='tracking_number'] input",
            run: "edit 9999",
        },
        {
            content: "That ticks it",
            trigger: ".o_data_row .o_data_cell[name='message']",
            run: "click",
        },
        {
            trigger: ".o_data_row .o_data_cell[name='is_selected'] input:checked",
        },
        {
            content: "Confirm it",
            trigger: "button[name='action_confirm']",
            run: "click",
        },
        {
            content: "The progress shows",
            trigger: ".o_progressbar",
        },
        {
            content: "It is on its way",
            trigger: "div[name='progress']:contains(To Do)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_change_status", {
    steps: () => [
        ...openAmazon,
        {
            content: "Show the orders as a list",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            content: "The order is confirmed",
            trigger: ".o_data_row:contains(Done)",
        },
        {
            content: "Select all",
            trigger: "thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Change the API status",
            trigger: ".o_cp_action_menus button:contains(Actions)",
            run: "click",
        },
        {
            trigger: ".o-dropdown-item:contains(Change API Status)",
            run: "click",
        },
        {
            content: "To not sent, which is chosen already",
            trigger: ".modal .o_field_widget[name='status'] input:checked",
        },
        {
            content: "Change",
            trigger: ".modal button[name='action_apply']",
            run: "click",
        },
        {
            content: "The phase does not confirm: move them back",
            trigger: ".modal div[name='stuck'] button[name='action_move']",
            run: "click",
        },
        {
            content: "Nothing stands against it any more",
            trigger: ".modal:not(:has(div[name='stuck'])) .o_data_row:contains(Not Sent)",
        },
        {
            content: "Close",
            trigger: ".modal-footer button:contains(Close)",
            run: "click",
        },
        {
            content: "It shows on the orders",
            trigger: "body:not(:has(.modal)) .o_data_row:contains(Not Sent)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_screens_follow", {
    steps: () => [
        ...openAmazon,
        {
            content: "Show the orders as a list",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            content: "The import is stopped, and somebody else has to start it",
            trigger: ".o_amazon_standstill:contains(stopped):contains(ask your Amazon manager)",
        },
        {
            content: "Somebody else holds the order",
            trigger: ".o_data_row:contains(Ready to Pick)",
            async run() {
                const { amazon_changes: changes, orm } = odoo.__WOWL_DEBUG__.root.env.services;
                const ids = await orm.search("sale.order", [["amazon_account_id", "!=", false]]);
                await orm.call("sale.order", "action_amazon_hold", [ids]);
                changes.collect();
            },
        },
        {
            content: "It shows by itself",
            trigger: ".o_data_row:contains(To Review)",
        },
        {
            content: "Search something that is not there",
            trigger: ".o_searchview_input",
            run: "edit zzzz",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            content: "It is not found; that is all",
            trigger: ".o_nocontent_help:contains(Nothing found):not(:contains(import))",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_board_on_a_telephone", {
    steps: () => [
        {
            content: "What is to be done comes first",
            trigger: ".o_kanban_group:first-of-type .o_column_title:contains(To Review)",
        },
        {
            content: "What Amazon ships comes last",
            trigger: ".o_kanban_group:last-of-type .o_column_title:contains(FBA)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_map_a_sku", {
    steps: () => [
        ...openAmazon,
        menu("stock"),
        menu("offers"),
        {
            content: "Open the SKU that nobody knows",
            trigger: ".o_data_row:contains(TOUR-1) .o_list_record_open_form_view button, .o_data_row:contains(TOUR-1) td.o_list_record_open_form_view",
            run: "click",
        },
        {
            content: "It says what is to be done",
            trigger: ".alert:contains(Choose the product that this SKU is)",
        },
        {
            content: "Its picture is loaded when it is seen, and Amazon does not hear from where",
            trigger: ".o_field_widget[name='image_url'] img[loading='lazy'][referrerpolicy='no-referrer'][src*='placeholder']",
        },
        {
            content: "Choose the product",
            trigger: ".o_field_widget[name='product_id'] input",
            run: "edit AMZ-TEA-001",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(AMZ-TEA-001)",
            run: "click",
        },
        {
            content: "Save",
            trigger: ".o_form_button_save:visible",
            run: "click",
        },
        {
            content: "It is mapped",
            trigger: ".o_field_badge[name='state']:contains(Mapped)",
        },
        {
            content: "Have Amazon told",
            trigger: "button[name='action_send_now']:visible",
            run: "click",
        },
        {
            content: "That is going to happen",
            trigger: ".o_notification:contains(within a minute)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_see_stock_sent", {
    steps: () => [
        ...openAmazon,
        menu("stock"),
        menu("offers"),
        {
            content: "What is here, what Amazon shows, and how it stands",
            trigger: ".o_data_row:contains(TOUR-1):has([name='quantity_here']:contains(99)):has([name='quantity_amazon']:contains(99)):has(.badge:contains(Sent, Not Shown Yet))",
        },
        menu("stock"),
        menu("quantities"),
        {
            content: "The history has both quantities",
            trigger: ".o_data_row:contains(TOUR-1) [name='quantity']:contains(100)",
        },
        {
            trigger: ".o_data_row:contains(TOUR-1) [name='quantity']:contains(99)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_accept_what_is_explained", {
    steps: () => [
        ...openAmazon,
        menu("money"),
        menu("amounts"),
        {
            content: "An order differs; have it explained",
            trigger: ".o_data_row:contains(Refund without Credit Note) button:contains(Explain)",
            run: "click",
        },
        {
            content: "It is right as it is",
            trigger: ".modal button:contains(Accept with Reason)",
            run: "click",
        },
        {
            content: "Write why",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Goodwill of the shop",
        },
        {
            content: "The order stands there with what is accepted",
            trigger: ".modal .o_field_widget[name='order_ids'] .o_data_row:contains(Refund without Credit Note)",
        },
        {
            content: "Accept",
            trigger: ".modal button[name='action_accept']:contains(/^Accept$/)",
            run: "click",
        },
        {
            content: "It is off the list",
            trigger: ".o_nocontent_help:contains(Nothing found)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_credit_a_refund", {
    steps: () => [
        ...openAmazon,
        menu("money"),
        menu("amounts"),
        {
            content: "An order differs, and the list says why; have it explained",
            trigger: ".o_data_row:contains(Refund without Credit Note) button:contains(Explain)",
            run: "click",
        },
        {
            content: "The reason stands above the three ways",
            trigger: ".modal .alert-danger:contains(Refund without Credit Note)",
        },
        {
            content: "The goods are the part that differs",
            trigger: ".modal .o_data_row.text-danger:contains(AMZ-CUP-001)",
        },
        {
            content: "Draft the credit note",
            trigger: ".modal button[name='action_credit_note']",
            run: "click",
        },
        {
            content: "It is a draft for the same money",
            trigger: ".o_arrow_button_current:contains(Draft)",
        },
        {
            content: "Post it",
            trigger: "button[name='action_post']:visible",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Posted)",
        },
        {
            content: "Back to the list",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "Nothing differs any more",
            trigger: ".o_nocontent_help:contains(Nothing found)",
        },
        {
            content: "And it is said that not everything is known: neither job runs",
            trigger: ".o_amazon_standstill:contains(Not everything is known):not(:contains(ask your Amazon manager))",
        },
        ...["pivot", "graph"].flatMap((kind) => [
            {
                content: `The ${kind} says so, too`,
                trigger: `.o_switch_view.o_${kind}`,
                run: "click",
            },
            {
                trigger: `.o_${kind}_view .o_amazon_standstill:contains(Not everything is known)`,
            },
        ]),
    ],
});

// An accountant books what Amazon has paid, and matches the deposit once the bank has it.
const openSettlements = [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open Amazon",
        trigger: ".o_app[data-menu-xmlid='sale_amazon_spapi.menu_amazon']",
        run: "click",
    },
    {
        content: "Open what is about money",
        trigger: ".o_menu_sections [data-menu-xmlid='sale_amazon_spapi.menu_amazon_money']",
        run: "click",
    },
    {
        content: "Open the settlements",
        trigger: ".o-dropdown--menu [data-menu-xmlid='sale_amazon_spapi.menu_amazon_settlements']",
        run: "click",
    },
    {
        content: "Open the one that was fetched",
        trigger: ".o_data_row .o_data_cell[name='settlement_ref']",
        run: "click",
    },
];

registry.category("web_tour.tours").add("amazon_book_a_settlement", {
    steps: () => [
        ...openSettlements,
        {
            content: "What is in the way of booking is said, and before that what it is",
            trigger: ".alert-info:contains(/^\\s*It cannot be booked yet[\\s\\S]*There is no journal for JPY/)",
        },
        {
            content: "Set up the journal and the rules",
            trigger: ".o_form_statusbar button[name='action_set_up_booking']:visible",
            run: "click",
        },
        {
            content: "The rules are here: where payouts wait",
            trigger: ".o_data_row:contains(Payout) .o_data_cell[name='ledger_account_id']:contains(/\\S/)",
        },
        {
            content: "Fees have an account of their own: choose another one",
            trigger: ".o_data_row:contains(Commission) .o_data_cell[name='ledger_account_id']",
            run: "click",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name='ledger_account_id'] input",
            run: "edit Marketplace Fees",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Marketplace Fees)",
            run: "click",
        },
        {
            content: "Save",
            trigger: ".o_list_button_save:visible",
            run: "click",
        },
        {
            trigger: ".o_data_row:not(.o_selected_row):contains(Commission):contains(Marketplace Fees)",
        },
        {
            content: "Back to the settlement",
            trigger: ".breadcrumb-item.o_back_button:visible, .o_back_button:visible",
            run: "click",
        },
        {
            content: "Nothing is in the way any more: book it",
            trigger: ".o_form_statusbar button[name='action_book']:visible",
            run: "click",
        },
        {
            content: "The entry is a draft",
            trigger: ".o_data_row .o_data_cell[name='state']:contains(Draft)",
        },
        {
            content: "Back to the settlement",
            trigger: ".o_back_button:visible",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Draft)",
        },
        {
            content: "Post it",
            trigger: ".o_form_statusbar button[name='action_post']:visible",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(In the Books)",
        },
        {
            content: "The payout waits for the bank",
            trigger: ".o_field_widget[name='deposit_state']:contains(Waiting)",
        },
        {
            content: "Look for the deposit",
            trigger: ".o_form_statusbar button[name='action_match_deposit']:visible",
            run: "click",
        },
        {
            content: "It is not there yet, and it is said what to do",
            trigger: ".modal .alert-info:contains(Have the bank's statement come in first)",
        },
        {
            trigger: ".modal .o_form_button_cancel, .modal footer button:contains(Close)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_match_a_deposit", {
    steps: () => [
        ...openSettlements,
        {
            content: "Match the deposit",
            trigger: ".o_form_statusbar button[name='action_match_deposit']:visible",
            run: "click",
        },
        {
            content: "The deposit of the amount stands before the one that is a yen less",
            trigger: ".modal .o_data_row.text-success:first:contains(AMAZON):has(button[name='action_match'])",
        },
        {
            trigger: ".modal .o_data_row:nth-child(2) .o_data_cell[name='difference']:contains(-1)",
        },
        {
            content: "It is this one",
            trigger: ".modal .o_data_row:first button[name='action_match']",
            run: "click",
        },
        {
            content: "It is matched",
            trigger: ".o_field_widget[name='deposit_state']:contains(Matched)",
        },
        {
            trigger: ".o_form_statusbar button[name='action_unmatch_deposit']:visible",
        },
    ],
});

// A vendor's warehouse clerk, from the order to the confirmation; between these Amazon is told.
const openVendor = (name, title) => [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open Amazon Vendor",
        trigger: ".o_app[data-menu-xmlid='sale_amazon_spapi.menu_amazon_vendor']",
        run: "click",
    },
    {
        content: `Open its ${name}`,
        trigger: `.o_menu_sections [data-menu-xmlid='sale_amazon_spapi.menu_amazon_vendor_${name}']`,
        run: "click",
    },
    {
        content: "They are shown",
        trigger: `.o_breadcrumb:contains(${title})`,
    },
];

const openDelivery = {
    content: "Open the delivery",
    trigger: ".o_data_row .o_data_cell[name='amazon_order_ref']",
    run: "click",
};

registry.category("web_tour.tours").add("amazon_vendor_accept", {
    steps: () => [
        ...openVendor("orders", "Direct Fulfillment Orders"),
        {
            content: "Choose the order that is to be decided",
            trigger: ".o_data_row:contains(To Decide) .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Accept it",
            trigger: ".o_control_panel button[name='action_amazon_accept']",
            run: "click",
        },
        {
            content: "Amazon is being told",
            trigger: ".o_data_row .o_data_cell[name='amazon_acknowledgement']:contains(Being Told)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_vendor_label", {
    steps: () => [
        ...openVendor("deliveries", "Direct Fulfillment Deliveries"),
        openDelivery,
        {
            content: "Have Amazon make the label",
            trigger: ".o_form_statusbar button[name='action_amazon_request_label']:visible",
            run: "click",
        },
        {
            content: "It is requested",
            trigger: ".o_field_widget[name='amazon_label_state']:contains(Requested)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_vendor_ship", {
    steps: () => [
        ...openVendor("deliveries", "Direct Fulfillment Deliveries"),
        openDelivery,
        {
            content: "The label is here, and its number; print it",
            trigger: ".o_form_statusbar button[name='action_amazon_print_labels']:visible",
            run: (helpers) => {
                // The browser would open the file in a tab that nobody looks at.
                browser.open = (url) => {
                    document.body.setAttribute("data-printed", url);
                    return {};
                };
                return helpers.click();
            },
        },
        {
            content: "It is handed over",
            trigger: "body[data-printed*='/amazon/papers/label?deliveries=']",
        },
        {
            content: "Validate",
            trigger: ".o_form_statusbar button[name='button_validate']:visible",
            run: "click",
        },
        {
            content: "It has left",
            trigger: ".o_arrow_button_current:contains(Done)",
        },
        {
            content: "Amazon is to be told",
            trigger: ".o_field_widget[name='amazon_api_status']:contains(Not Sent)",
        },
    ],
});

registry.category("web_tour.tours").add("amazon_vendor_confirmed", {
    steps: () => [
        ...openVendor("deliveries", "Direct Fulfillment Deliveries"),
        {
            content: "Show what has left, too",
            trigger: ".o_facet_remove",
            run: "click",
        },
        {
            content: "Amazon knows that it has left",
            trigger: ".o_data_row .o_data_cell[name='amazon_api_status']:contains(Done)",
        },
    ],
});

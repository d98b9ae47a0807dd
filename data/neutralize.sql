-- A copy of the database must neither read nor write the real shop.
UPDATE amazon_account
   SET auto_import = FALSE,
       auto_confirm = FALSE,
       auto_inventory = FALSE,
       auto_finance = FALSE,
       auto_invoice = FALSE,
       auto_settlement = FALSE,
       auto_vendor = FALSE,
       refresh_token_cipher = NULL,
       lwa_client_secret_cipher = NULL,
       oauth_state = NULL,
       connection_state = 'new';

UPDATE ir_cron
   SET active = FALSE
 WHERE id IN (SELECT cron_id FROM amazon_job WHERE cron_id IS NOT NULL);

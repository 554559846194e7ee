// Written from the SQLite migrations; see diesel.toml. A test compares it with both databases.

diesel::table! {
    activities (id) {
        id -> BigInt,
        occurred_at -> Timestamp,
        actor_id -> Nullable<BigInt>,
        action -> Text,
        subject_type -> Text,
        subject_id -> BigInt,
        subject_label -> Text,
        client_id -> Nullable<BigInt>,
        project_id -> Nullable<BigInt>,
        task_id -> Nullable<BigInt>,
        invoice_id -> Nullable<BigInt>,
        changes -> Text,
    }
}

diesel::table! {
    activity_chain (id) {
        id -> BigInt,
        seq -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    activity_seals (seq) {
        seq -> BigInt,
        activity_id -> BigInt,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    agency (id) {
        id -> BigInt,
        name -> Text,
        street -> Text,
        postal_code -> Text,
        city -> Text,
        region -> Text,
        country -> Text,
        tax_id -> Text,
        email -> Text,
        phone -> Text,
        website -> Text,
        currency -> Text,
        time_zone -> Text,
        payment_terms_kind -> Text,
        payment_terms_days -> BigInt,
        tax_name -> Text,
        second_tax_name -> Text,
        second_tax_rate_millis -> BigInt,
        prices_include_tax -> Bool,
        rounding_step_cents -> BigInt,
        paper -> Text,
        tax_rate_millis -> BigInt,
        invoice_terms -> Text,
        invoice_footer -> Text,
        bank_name -> Text,
        bank_holder -> Text,
        iban -> Text,
        bic -> Text,
        logo -> Nullable<Binary>,
        logo_type -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        token_hash -> Text,
        scopes -> Text,
        auth_epoch -> BigInt,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
        expires_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    billed_charges (charge_id) {
        charge_id -> BigInt,
        invoice_line_id -> BigInt,
    }
}

diesel::table! {
    billed_entries (time_entry_id) {
        time_entry_id -> BigInt,
        invoice_line_id -> BigInt,
    }
}

diesel::table! {
    billed_expenses (expense_id) {
        expense_id -> BigInt,
        invoice_line_id -> BigInt,
    }
}

diesel::table! {
    billed_milestones (milestone_id) {
        milestone_id -> BigInt,
        invoice_line_id -> BigInt,
    }
}

diesel::table! {
    budget_marks (project_id, is_money, percent) {
        project_id -> BigInt,
        is_money -> Bool,
        percent -> BigInt,
        told_at -> Timestamp,
    }
}

diesel::table! {
    checklist_items (id) {
        id -> BigInt,
        task_id -> BigInt,
        position -> BigInt,
        title -> Text,
        is_done -> Bool,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    client_members (client_id, user_id) {
        client_id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    clients (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        search_text -> Text,
        status -> Text,
        email -> Text,
        phone -> Text,
        website -> Text,
        tax_id -> Text,
        street -> Text,
        postal_code -> Text,
        city -> Text,
        region -> Text,
        country -> Text,
        postal_address -> Text,
        language -> Text,
        currency -> Text,
        payment_terms_kind -> Text,
        payment_terms_days -> Nullable<BigInt>,
        tax_rate_millis -> Nullable<BigInt>,
        notes -> Text,
        archived_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
        archived_from -> Nullable<Text>,
    }
}

diesel::table! {
    comment_versions (comment_id, version) {
        comment_id -> BigInt,
        version -> BigInt,
        body -> Text,
        body_html -> Text,
        written_at -> Timestamp,
    }
}

diesel::table! {
    contacts (id) {
        id -> BigInt,
        client_id -> BigInt,
        name -> Text,
        job_title -> Text,
        email -> Text,
        phone -> Text,
        is_billing -> Bool,
        is_technical -> Bool,
        is_owner -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    credential_grants (credential_id, user_id) {
        credential_id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    credential_intakes (id) {
        id -> BigInt,
        token_hash -> Text,
        client_id -> BigInt,
        kind -> Text,
        label -> Text,
        message -> Text,
        access -> Text,
        created_by -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        answered_at -> Nullable<Timestamp>,
        credential_id -> Nullable<BigInt>,
        withdrawn_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    credential_reveals (id) {
        id -> BigInt,
        credential_id -> BigInt,
        user_id -> BigInt,
        field -> Text,
        secret_version -> BigInt,
        is_copy -> Bool,
        reason -> Text,
        revealed_at -> Timestamp,
    }
}

diesel::table! {
    credential_rotations (credential_id, field, secret_version) {
        credential_id -> BigInt,
        field -> Text,
        secret_version -> BigInt,
        task_id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    credential_secrets (id) {
        id -> BigInt,
        credential_id -> BigInt,
        field -> Text,
        version -> BigInt,
        envelope -> Binary,
        kek_id -> BigInt,
        fingerprint -> Nullable<Text>,
        strength -> Nullable<BigInt>,
        created_by -> BigInt,
        created_at -> Timestamp,
        replaced_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    credential_shares (id) {
        id -> BigInt,
        token_hash -> Text,
        credential_id -> BigInt,
        field -> Text,
        secret_version -> BigInt,
        recipient -> Text,
        sealed -> Nullable<Binary>,
        views_left -> BigInt,
        expires_at -> Timestamp,
        created_by -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    credentials (id) {
        id -> BigInt,
        record_key -> Text,
        client_id -> BigInt,
        kind -> Text,
        label -> Text,
        label_key -> Text,
        search_text -> Text,
        username -> Text,
        urls -> Text,
        tags -> Text,
        access -> Text,
        expires_on -> Nullable<Date>,
        rotate_every_days -> Nullable<BigInt>,
        last_reveal_id -> Nullable<BigInt>,
        archived_at -> Nullable<Timestamp>,
        created_by -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    credit_allocations (id) {
        id -> BigInt,
        credit_note_id -> BigInt,
        invoice_id -> BigInt,
        amount_cents -> BigInt,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    deducted_deposits (deposit_id, part) {
        deposit_id -> BigInt,
        part -> BigInt,
        invoice_line_id -> BigInt,
    }
}

diesel::table! {
    expenses (id) {
        id -> BigInt,
        client_id -> BigInt,
        project_id -> Nullable<BigInt>,
        spent_on -> Date,
        title -> Text,
        supplier -> Text,
        cost_cents -> BigInt,
        price_cents -> BigInt,
        tax_rate_millis -> Nullable<BigInt>,
        is_billable -> Bool,
        is_unbilled -> Bool,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> BigInt,
        key -> Text,
        sent_sha256 -> Text,
        row_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    invitations (id) {
        id -> BigInt,
        email -> Text,
        role -> Text,
        token_hash -> Text,
        invited_by -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        accepted_at -> Nullable<Timestamp>,
        user_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    invoice_documents (invoice_id) {
        invoice_id -> BigInt,
        html -> Text,
        sha256 -> Text,
    }
}

diesel::table! {
    invoice_lines (id) {
        id -> BigInt,
        invoice_id -> BigInt,
        position -> BigInt,
        title -> Text,
        details -> Text,
        quantity_e4 -> BigInt,
        unit -> Text,
        unit_price_cents -> BigInt,
        tax_rate_millis -> BigInt,
        tax_category -> Text,
        second_tax_rate_millis -> BigInt,
        discount_millis -> Nullable<BigInt>,
        discount_cents -> BigInt,
        amount_cents -> BigInt,
        logged_seconds -> Nullable<BigInt>,
        logged_cents -> Nullable<BigInt>,
        logged_rate_cents -> Nullable<BigInt>,
        rounded_seconds -> Nullable<BigInt>,
        claimed_cents -> Nullable<BigInt>,
        adjustment_reason -> Text,
        corrects_line_id -> Nullable<BigInt>,
        deducts_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    invoice_series (id) {
        id -> BigInt,
        kind -> Text,
        is_default -> Bool,
        pattern -> Text,
        resets_yearly -> Bool,
        year -> BigInt,
        next_seq -> BigInt,
        last_issue_on -> Nullable<Date>,
        version -> BigInt,
    }
}

diesel::table! {
    invoice_series_years (series_id, year) {
        series_id -> BigInt,
        year -> BigInt,
        first_seq -> BigInt,
    }
}

diesel::table! {
    invoice_taxes (invoice_id, is_second, tax_category, tax_rate_millis) {
        invoice_id -> BigInt,
        is_second -> Bool,
        tax_category -> Text,
        tax_rate_millis -> BigInt,
        base_cents -> BigInt,
        tax_cents -> BigInt,
        exemption_reason -> Text,
    }
}

diesel::table! {
    invoice_write_offs (id) {
        id -> BigInt,
        invoice_id -> BigInt,
        amount_cents -> BigInt,
        reason -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    invoices (id) {
        id -> BigInt,
        kind -> Text,
        client_id -> BigInt,
        project_id -> Nullable<BigInt>,
        corrects_id -> Nullable<BigInt>,
        reissues_id -> Nullable<BigInt>,
        is_imported -> Bool,
        series_id -> Nullable<BigInt>,
        series_year -> Nullable<BigInt>,
        seq -> Nullable<BigInt>,
        number -> Nullable<Text>,
        currency -> Text,
        issue_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        delivery_from -> Nullable<Date>,
        delivery_to -> Nullable<Date>,
        grouping -> Text,
        note -> Text,
        terms -> Text,
        prices_include_tax -> Bool,
        tax_name -> Text,
        second_tax_name -> Text,
        discount_millis -> Nullable<BigInt>,
        discount_cents -> BigInt,
        with_time_detail -> Bool,
        is_deposit -> Bool,
        reason -> Text,
        net_cents -> BigInt,
        tax_cents -> BigInt,
        rounding_step_cents -> BigInt,
        rounding_cents -> BigInt,
        total_cents -> BigInt,
        base_currency -> Nullable<Text>,
        exchange_rate_e6 -> Nullable<BigInt>,
        base_net_cents -> Nullable<BigInt>,
        base_tax_cents -> Nullable<BigInt>,
        base_total_cents -> Nullable<BigInt>,
        paid_cents -> BigInt,
        credited_cents -> BigInt,
        written_off_cents -> BigInt,
        seller -> Nullable<Text>,
        buyer -> Nullable<Text>,
        issued_at -> Nullable<Timestamp>,
        issued_by -> Nullable<BigInt>,
        settled_at -> Nullable<Timestamp>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        args -> Text,
        unique_key -> Nullable<Text>,
        state -> Text,
        run_at -> Timestamp,
        attempt -> BigInt,
        most_attempts -> BigInt,
        crash_count -> BigInt,
        locked_by -> Nullable<Text>,
        lease_expires_at -> Nullable<Timestamp>,
        error -> Text,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    known_browsers (id) {
        id -> BigInt,
        user_id -> BigInt,
        token_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    labels (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        colour -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    lifted_locks (id) {
        id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    mails (id) {
        id -> BigInt,
        kind -> Text,
        recipient -> Text,
        reply_to -> Text,
        subject -> Text,
        text -> Text,
        secret -> Nullable<Binary>,
        state -> Text,
        attempts -> BigInt,
        error -> Text,
        message_id -> Text,
        dedupe_key -> Nullable<Text>,
        job_id -> Nullable<BigInt>,
        invoice_id -> Nullable<BigInt>,
        quote_id -> Nullable<BigInt>,
        reminder_id -> Nullable<BigInt>,
        invitation_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        queued_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        sent_at -> Nullable<Timestamp>,
        attachment_name -> Nullable<Text>,
        attachment_type -> Nullable<Text>,
        attachment -> Nullable<Text>,
    }
}

diesel::table! {
    master_keys (id) {
        id -> BigInt,
        install_id -> Text,
        check_value -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    milestones (id) {
        id -> BigInt,
        project_id -> BigInt,
        title -> Text,
        due_on -> Nullable<Date>,
        due_order -> Date,
        amount_cents -> Nullable<BigInt>,
        reached_on -> Nullable<Date>,
        is_unbilled -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    notifications (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        task_id -> Nullable<BigInt>,
        comment_id -> Nullable<BigInt>,
        project_id -> Nullable<BigInt>,
        percent -> Nullable<BigInt>,
        invoice_id -> Nullable<BigInt>,
        recurring_id -> Nullable<BigInt>,
        actor_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        read_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    passkey_ceremonies (id) {
        id -> BigInt,
        token_hash -> Text,
        user_id -> Nullable<BigInt>,
        state -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    passkey_handles (user_id) {
        user_id -> BigInt,
        handle -> Text,
    }
}

diesel::table! {
    passkeys (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        credential_id -> Text,
        credential -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    password_resets (id) {
        id -> BigInt,
        user_id -> BigInt,
        token_hash -> Text,
        auth_epoch -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    payment_allocations (id) {
        id -> BigInt,
        payment_id -> BigInt,
        invoice_id -> BigInt,
        amount_cents -> BigInt,
    }
}

diesel::table! {
    payments (id) {
        id -> BigInt,
        client_id -> BigInt,
        received_on -> Date,
        amount_cents -> BigInt,
        currency -> Text,
        base_currency -> Nullable<Text>,
        exchange_rate_e6 -> Nullable<BigInt>,
        method -> Text,
        reference -> Text,
        fee_cents -> BigInt,
        reverses_id -> Nullable<BigInt>,
        reversal_kind -> Nullable<Text>,
        refunds_id -> Nullable<BigInt>,
        idempotency_key -> Nullable<Text>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    project_hours (project_id) {
        project_id -> BigInt,
        seconds -> BigInt,
        billable_seconds -> BigInt,
        cents -> BigInt,
        value_cents -> BigInt,
        cost_cents -> BigInt,
        uncosted_seconds -> BigInt,
        unbilled_entries -> BigInt,
        unbilled_seconds -> BigInt,
        unbilled_cents -> BigInt,
    }
}

diesel::table! {
    project_members (project_id, user_id) {
        project_id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    project_templates (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        description -> Text,
        color -> Text,
        billing_model -> Text,
        currency -> Text,
        price_cents -> Nullable<BigInt>,
        rate_cents -> Nullable<BigInt>,
        budget_seconds -> Nullable<BigInt>,
        budget_cents -> Nullable<BigInt>,
        due_days -> Nullable<BigInt>,
        created_by -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    project_weeks (project_id, week_on) {
        project_id -> BigInt,
        week_on -> Date,
        seconds -> BigInt,
        cents -> BigInt,
        value_cents -> BigInt,
        cost_cents -> BigInt,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        client_id -> BigInt,
        name -> Text,
        name_key -> Text,
        status -> Text,
        billing_model -> Text,
        price_cents -> Nullable<BigInt>,
        budget_seconds -> Nullable<BigInt>,
        budget_cents -> Nullable<BigInt>,
        starts_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        description -> Text,
        color -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    quote_answers (version_id) {
        version_id -> BigInt,
        quote_id -> BigInt,
        answer -> Text,
        name -> Text,
        reason -> Text,
        ip -> Nullable<Text>,
        user_agent -> Text,
        recorded_by -> Nullable<BigInt>,
        document_sha256 -> Text,
        answered_at -> Timestamp,
    }
}

diesel::table! {
    quote_conversions (quote_id) {
        quote_id -> BigInt,
        invoice_id -> BigInt,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    quote_links (version_id) {
        version_id -> BigInt,
        token_hash -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    quote_versions (id) {
        id -> BigInt,
        quote_id -> BigInt,
        ordinal -> BigInt,
        title -> Text,
        content -> Text,
        net_cents -> BigInt,
        tax_cents -> BigInt,
        total_cents -> BigInt,
        expires_on -> Nullable<Date>,
        issue_on -> Nullable<Date>,
        seller -> Nullable<Text>,
        buyer -> Nullable<Text>,
        html -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        issued_at -> Nullable<Timestamp>,
        issued_by -> Nullable<BigInt>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    quotes (id) {
        id -> BigInt,
        client_id -> BigInt,
        project_id -> Nullable<BigInt>,
        currency -> Text,
        series_id -> Nullable<BigInt>,
        series_year -> Nullable<BigInt>,
        seq -> Nullable<BigInt>,
        number -> Nullable<Text>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    rates (id) {
        id -> BigInt,
        kind -> Text,
        scope -> Text,
        client_id -> Nullable<BigInt>,
        project_id -> Nullable<BigInt>,
        task_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        amount_cents -> Nullable<BigInt>,
        starts_on -> Date,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    recovery_codes (id) {
        id -> BigInt,
        user_id -> BigInt,
        code_hash -> Text,
        created_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    recurring_invoices (id) {
        id -> BigInt,
        client_id -> BigInt,
        project_id -> Nullable<BigInt>,
        currency -> Text,
        title -> Text,
        content -> Text,
        total_cents -> BigInt,
        every -> BigInt,
        unit -> Text,
        covers -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        most -> Nullable<BigInt>,
        made -> BigInt,
        next_on -> Nullable<Date>,
        is_paused -> Bool,
        created_by -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    recurring_periods (recurring_id, period_on) {
        recurring_id -> BigInt,
        period_on -> Date,
        covered_to -> Date,
        invoice_id -> Nullable<BigInt>,
        made_at -> Timestamp,
    }
}

diesel::table! {
    released_costs (id) {
        id -> BigInt,
        expense_id -> Nullable<BigInt>,
        milestone_id -> Nullable<BigInt>,
        charge_id -> Nullable<BigInt>,
        invoice_line_id -> BigInt,
        credit_line_id -> BigInt,
    }
}

diesel::table! {
    released_entries (id) {
        id -> BigInt,
        time_entry_id -> BigInt,
        invoice_line_id -> BigInt,
        credit_line_id -> BigInt,
    }
}

diesel::table! {
    reminder_pauses (id) {
        id -> BigInt,
        client_id -> BigInt,
        invoice_id -> Nullable<BigInt>,
        reason -> Text,
        until_on -> Nullable<Date>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    reminder_settings (id) {
        id -> BigInt,
        steps -> Text,
        skips_weekends -> Bool,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    reminders (id) {
        id -> BigInt,
        invoice_id -> BigInt,
        client_id -> BigInt,
        step -> BigInt,
        title -> Text,
        made_on -> Date,
        pay_until -> Date,
        balance_cents -> BigInt,
        fee_cents -> BigInt,
        interest_cents -> BigInt,
        html -> Text,
        sha256 -> Text,
        sent_on -> Nullable<Date>,
        sent_at -> Nullable<Timestamp>,
        sent_by -> Nullable<BigInt>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    retainer_carries (project_id, seq, granted_seq) {
        project_id -> BigInt,
        seq -> BigInt,
        granted_seq -> BigInt,
        amount -> BigInt,
    }
}

diesel::table! {
    retainer_charges (id) {
        id -> BigInt,
        project_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        title -> Text,
        starts_on -> Date,
        ends_on -> Date,
        charged_on -> Date,
        amount_cents -> BigInt,
        is_unbilled -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    retainer_periods (project_id, seq) {
        project_id -> BigInt,
        seq -> BigInt,
        starts_on -> Date,
        ends_on -> Date,
        granted -> BigInt,
        carried_in -> BigInt,
        debt_in -> BigInt,
        used -> BigInt,
        adjusted -> BigInt,
        expired -> BigInt,
        carried_out -> BigInt,
        debt_out -> BigInt,
        overage -> BigInt,
        overage_cents -> BigInt,
        fee_cents -> BigInt,
        closed_by -> BigInt,
        closed_at -> Timestamp,
    }
}

diesel::table! {
    retainers (project_id) {
        project_id -> BigInt,
        unit -> Text,
        period -> Text,
        starts_on -> Date,
        granted -> BigInt,
        fee_cents -> Nullable<BigInt>,
        roll_cap -> Nullable<BigInt>,
        expires_after -> Nullable<BigInt>,
        overage_rate_cents -> Nullable<BigInt>,
        note -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    rounding_rules (id) {
        id -> BigInt,
        client_id -> Nullable<BigInt>,
        project_id -> Nullable<BigInt>,
        mode -> Text,
        step_seconds -> BigInt,
        minimum_seconds -> BigInt,
        basis -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> BigInt,
        secret -> Binary,
        version -> BigInt,
        last_step -> BigInt,
        created_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        key_hash -> Text,
        user_id -> BigInt,
        auth_epoch -> BigInt,
        ip -> Text,
        user_agent -> Text,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        is_half -> Bool,
        stepped_up_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sheet_rows (id) {
        id -> BigInt,
        user_id -> BigInt,
        thursday -> Nullable<Date>,
        project_id -> BigInt,
        task_id -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_throttles (subject_hash) {
        subject_hash -> Text,
        failures -> BigInt,
        last_failed_at -> Timestamp,
        blocked_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    task_comments (id) {
        id -> BigInt,
        task_id -> BigInt,
        author_id -> BigInt,
        body -> Text,
        body_html -> Text,
        edited_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    task_dependencies (task_id, blocker_id) {
        task_id -> BigInt,
        blocker_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    task_labels (task_id, label_id) {
        task_id -> BigInt,
        label_id -> BigInt,
    }
}

diesel::table! {
    task_mentions (id) {
        id -> BigInt,
        task_id -> BigInt,
        comment_id -> Nullable<BigInt>,
        user_id -> BigInt,
    }
}

diesel::table! {
    task_occurrences (schedule_id, period_on) {
        schedule_id -> BigInt,
        period_on -> Date,
        task_id -> BigInt,
    }
}

diesel::table! {
    task_schedules (id) {
        id -> BigInt,
        project_id -> BigInt,
        title -> Text,
        description -> Text,
        steps -> Text,
        priority -> Text,
        assignee_id -> Nullable<BigInt>,
        estimate_seconds -> Nullable<BigInt>,
        every -> BigInt,
        unit -> Text,
        anchor_on -> Date,
        mode -> Text,
        next_on -> Nullable<Date>,
        is_paused -> Bool,
        created_by -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    task_views (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        address -> Text,
        is_shared -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    task_watchers (task_id, user_id) {
        task_id -> BigInt,
        user_id -> BigInt,
        is_muted -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    tasks (id) {
        id -> BigInt,
        client_id -> BigInt,
        project_id -> BigInt,
        title -> Text,
        title_key -> Text,
        description -> Text,
        description_html -> Text,
        status -> Text,
        priority -> Text,
        assignee_id -> Nullable<BigInt>,
        due_on -> Nullable<Date>,
        due_order -> Date,
        estimate_seconds -> Nullable<BigInt>,
        is_billable -> Bool,
        is_client_visible -> Bool,
        position -> BigInt,
        completed_at -> Nullable<Timestamp>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    template_task_labels (template_task_id, label_id) {
        template_task_id -> BigInt,
        label_id -> BigInt,
    }
}

diesel::table! {
    template_tasks (id) {
        id -> BigInt,
        template_id -> BigInt,
        position -> BigInt,
        title -> Text,
        description -> Text,
        steps -> Text,
        priority -> Text,
        estimate_seconds -> Nullable<BigInt>,
        due_days -> Nullable<BigInt>,
        is_client_visible -> Bool,
        version -> BigInt,
    }
}

diesel::table! {
    time_entries (id) {
        id -> BigInt,
        user_id -> BigInt,
        client_id -> BigInt,
        project_id -> BigInt,
        task_id -> Nullable<BigInt>,
        started_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        break_seconds -> BigInt,
        duration_seconds -> BigInt,
        time_zone -> Text,
        local_on -> Date,
        note -> Text,
        is_billable -> Bool,
        rate_cents -> Nullable<BigInt>,
        rate_source -> Text,
        cost_rate_cents -> Nullable<BigInt>,
        cost_rate_source -> Text,
        amount_cents -> BigInt,
        is_unbilled -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    time_settings (id) {
        id -> BigInt,
        overlap -> Text,
        locked_until -> Nullable<Date>,
        lock_after_days -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    time_write_offs (time_entry_id) {
        time_entry_id -> BigInt,
        reason -> Text,
        created_by -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    timesheets (id) {
        id -> BigInt,
        user_id -> BigInt,
        thursday -> Date,
        first_on -> Date,
        last_on -> Date,
        status -> Text,
        seconds -> BigInt,
        submitted_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        reason -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    unsealed_activities (activity_id) {
        activity_id -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        time_zone -> Text,
        has_shortcuts -> Bool,
        week_starts_on -> Text,
        week_target_seconds -> Nullable<BigInt>,
        auth_epoch -> BigInt,
        disabled_at -> Nullable<Timestamp>,
        access_ends_on -> Nullable<Date>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    vault_keys (id) {
        id -> BigInt,
        check_value -> Text,
        created_at -> Timestamp,
    }
}

diesel::joinable!(activities -> users (actor_id));
diesel::joinable!(activity_seals -> activities (activity_id));
diesel::joinable!(api_tokens -> users (user_id));
diesel::joinable!(billed_charges -> retainer_charges (charge_id));
diesel::joinable!(billed_charges -> invoice_lines (invoice_line_id));
diesel::joinable!(billed_entries -> invoice_lines (invoice_line_id));
diesel::joinable!(billed_entries -> time_entries (time_entry_id));
diesel::joinable!(billed_expenses -> expenses (expense_id));
diesel::joinable!(billed_expenses -> invoice_lines (invoice_line_id));
diesel::joinable!(billed_milestones -> invoice_lines (invoice_line_id));
diesel::joinable!(billed_milestones -> milestones (milestone_id));
diesel::joinable!(budget_marks -> projects (project_id));
diesel::joinable!(checklist_items -> tasks (task_id));
diesel::joinable!(client_members -> clients (client_id));
diesel::joinable!(client_members -> users (user_id));
diesel::joinable!(comment_versions -> task_comments (comment_id));
diesel::joinable!(contacts -> clients (client_id));
diesel::joinable!(credential_grants -> credentials (credential_id));
diesel::joinable!(credential_grants -> users (user_id));
diesel::joinable!(credential_intakes -> clients (client_id));
diesel::joinable!(credential_intakes -> users (created_by));
diesel::joinable!(credential_intakes -> credentials (credential_id));
diesel::joinable!(credential_reveals -> users (user_id));
diesel::joinable!(credential_rotations -> credentials (credential_id));
diesel::joinable!(credential_rotations -> tasks (task_id));
diesel::joinable!(credential_rotations -> users (user_id));
diesel::joinable!(credential_secrets -> users (created_by));
diesel::joinable!(credential_secrets -> credentials (credential_id));
diesel::joinable!(credential_shares -> users (created_by));
diesel::joinable!(credential_shares -> credentials (credential_id));
diesel::joinable!(credentials -> clients (client_id));
diesel::joinable!(credentials -> users (created_by));
diesel::joinable!(credit_allocations -> users (created_by));
diesel::joinable!(deducted_deposits -> invoices (deposit_id));
diesel::joinable!(deducted_deposits -> invoice_lines (invoice_line_id));
diesel::joinable!(expenses -> clients (client_id));
diesel::joinable!(expenses -> users (created_by));
diesel::joinable!(expenses -> projects (project_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(invoice_documents -> invoices (invoice_id));
diesel::joinable!(invoice_lines -> invoices (invoice_id));
diesel::joinable!(invoice_series_years -> invoice_series (series_id));
diesel::joinable!(invoice_taxes -> invoices (invoice_id));
diesel::joinable!(invoice_write_offs -> users (created_by));
diesel::joinable!(invoice_write_offs -> invoices (invoice_id));
diesel::joinable!(invoices -> clients (client_id));
diesel::joinable!(invoices -> projects (project_id));
diesel::joinable!(invoices -> invoice_series (series_id));
diesel::joinable!(known_browsers -> users (user_id));
diesel::joinable!(lifted_locks -> users (user_id));
diesel::joinable!(mails -> invitations (invitation_id));
diesel::joinable!(mails -> invoices (invoice_id));
diesel::joinable!(mails -> jobs (job_id));
diesel::joinable!(mails -> quotes (quote_id));
diesel::joinable!(mails -> reminders (reminder_id));
diesel::joinable!(milestones -> projects (project_id));
diesel::joinable!(notifications -> task_comments (comment_id));
diesel::joinable!(notifications -> invoices (invoice_id));
diesel::joinable!(notifications -> projects (project_id));
diesel::joinable!(notifications -> recurring_invoices (recurring_id));
diesel::joinable!(notifications -> tasks (task_id));
diesel::joinable!(passkey_ceremonies -> users (user_id));
diesel::joinable!(passkey_handles -> users (user_id));
diesel::joinable!(passkeys -> users (user_id));
diesel::joinable!(password_resets -> users (user_id));
diesel::joinable!(payment_allocations -> invoices (invoice_id));
diesel::joinable!(payment_allocations -> payments (payment_id));
diesel::joinable!(payments -> clients (client_id));
diesel::joinable!(payments -> users (created_by));
diesel::joinable!(project_hours -> projects (project_id));
diesel::joinable!(project_members -> projects (project_id));
diesel::joinable!(project_members -> users (user_id));
diesel::joinable!(project_templates -> users (created_by));
diesel::joinable!(project_weeks -> projects (project_id));
diesel::joinable!(projects -> clients (client_id));
diesel::joinable!(quote_answers -> quotes (quote_id));
diesel::joinable!(quote_answers -> users (recorded_by));
diesel::joinable!(quote_answers -> quote_versions (version_id));
diesel::joinable!(quote_conversions -> users (created_by));
diesel::joinable!(quote_conversions -> invoices (invoice_id));
diesel::joinable!(quote_conversions -> quotes (quote_id));
diesel::joinable!(quote_links -> users (created_by));
diesel::joinable!(quote_links -> quote_versions (version_id));
diesel::joinable!(quote_versions -> quotes (quote_id));
diesel::joinable!(quotes -> clients (client_id));
diesel::joinable!(quotes -> users (created_by));
diesel::joinable!(quotes -> projects (project_id));
diesel::joinable!(quotes -> invoice_series (series_id));
diesel::joinable!(rates -> clients (client_id));
diesel::joinable!(rates -> projects (project_id));
diesel::joinable!(rates -> tasks (task_id));
diesel::joinable!(recovery_codes -> users (user_id));
diesel::joinable!(recurring_invoices -> clients (client_id));
diesel::joinable!(recurring_invoices -> users (created_by));
diesel::joinable!(recurring_invoices -> projects (project_id));
diesel::joinable!(recurring_periods -> invoices (invoice_id));
diesel::joinable!(recurring_periods -> recurring_invoices (recurring_id));
diesel::joinable!(released_costs -> retainer_charges (charge_id));
diesel::joinable!(released_costs -> expenses (expense_id));
diesel::joinable!(released_costs -> milestones (milestone_id));
diesel::joinable!(released_entries -> time_entries (time_entry_id));
diesel::joinable!(reminder_pauses -> clients (client_id));
diesel::joinable!(reminder_pauses -> users (created_by));
diesel::joinable!(reminder_pauses -> invoices (invoice_id));
diesel::joinable!(reminders -> clients (client_id));
diesel::joinable!(reminders -> invoices (invoice_id));
diesel::joinable!(retainer_carries -> retainers (project_id));
diesel::joinable!(retainer_charges -> retainers (project_id));
diesel::joinable!(retainer_periods -> users (closed_by));
diesel::joinable!(retainer_periods -> retainers (project_id));
diesel::joinable!(retainers -> projects (project_id));
diesel::joinable!(rounding_rules -> clients (client_id));
diesel::joinable!(rounding_rules -> projects (project_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sheet_rows -> projects (project_id));
diesel::joinable!(sheet_rows -> tasks (task_id));
diesel::joinable!(sheet_rows -> users (user_id));
diesel::joinable!(task_comments -> users (author_id));
diesel::joinable!(task_comments -> tasks (task_id));
diesel::joinable!(task_labels -> labels (label_id));
diesel::joinable!(task_labels -> tasks (task_id));
diesel::joinable!(task_mentions -> task_comments (comment_id));
diesel::joinable!(task_mentions -> tasks (task_id));
diesel::joinable!(task_mentions -> users (user_id));
diesel::joinable!(task_occurrences -> task_schedules (schedule_id));
diesel::joinable!(task_occurrences -> tasks (task_id));
diesel::joinable!(task_schedules -> projects (project_id));
diesel::joinable!(task_views -> users (user_id));
diesel::joinable!(task_watchers -> tasks (task_id));
diesel::joinable!(task_watchers -> users (user_id));
diesel::joinable!(tasks -> clients (client_id));
diesel::joinable!(tasks -> projects (project_id));
diesel::joinable!(template_task_labels -> labels (label_id));
diesel::joinable!(template_task_labels -> template_tasks (template_task_id));
diesel::joinable!(template_tasks -> project_templates (template_id));
diesel::joinable!(time_entries -> clients (client_id));
diesel::joinable!(time_entries -> projects (project_id));
diesel::joinable!(time_entries -> tasks (task_id));
diesel::joinable!(time_entries -> users (user_id));
diesel::joinable!(time_write_offs -> users (created_by));
diesel::joinable!(time_write_offs -> time_entries (time_entry_id));
diesel::joinable!(unsealed_activities -> activities (activity_id));

diesel::allow_tables_to_appear_in_same_query!(
    activities,
    activity_chain,
    activity_seals,
    agency,
    api_tokens,
    billed_charges,
    billed_entries,
    billed_expenses,
    billed_milestones,
    budget_marks,
    checklist_items,
    client_members,
    clients,
    comment_versions,
    contacts,
    credential_grants,
    credential_intakes,
    credential_reveals,
    credential_rotations,
    credential_secrets,
    credential_shares,
    credentials,
    credit_allocations,
    deducted_deposits,
    expenses,
    idempotency_keys,
    invitations,
    invoice_documents,
    invoice_lines,
    invoice_series,
    invoice_series_years,
    invoice_taxes,
    invoice_write_offs,
    invoices,
    jobs,
    known_browsers,
    labels,
    lifted_locks,
    mails,
    master_keys,
    milestones,
    notifications,
    passkey_ceremonies,
    passkey_handles,
    passkeys,
    password_resets,
    payment_allocations,
    payments,
    project_hours,
    project_members,
    project_templates,
    project_weeks,
    projects,
    quote_answers,
    quote_conversions,
    quote_links,
    quote_versions,
    quotes,
    rates,
    recovery_codes,
    recurring_invoices,
    recurring_periods,
    released_costs,
    released_entries,
    reminder_pauses,
    reminder_settings,
    reminders,
    retainer_carries,
    retainer_charges,
    retainer_periods,
    retainers,
    rounding_rules,
    second_factors,
    sessions,
    sheet_rows,
    sign_in_throttles,
    task_comments,
    task_dependencies,
    task_labels,
    task_mentions,
    task_occurrences,
    task_schedules,
    task_views,
    task_watchers,
    tasks,
    template_task_labels,
    template_tasks,
    time_entries,
    time_settings,
    time_write_offs,
    timesheets,
    unsealed_activities,
    users,
    vault_keys,
);
